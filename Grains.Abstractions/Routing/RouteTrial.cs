namespace InferMesh.Grains.Abstractions.Routing;

/// <summary>One query under two sets of policies.</summary>
/// <param name="Now">The answer under those in force.</param>
/// <param name="Then">The answer if the policy that is tried were in force.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RouteTrial")]
public sealed record RouteTrial([property: Id(0)] RouteDecision Now, [property: Id(1)] RouteDecision Then);
