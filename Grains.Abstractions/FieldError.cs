namespace InferMesh.Grains.Abstractions;

/// <summary>One wrong field of an input.</summary>
/// <param name="Field">Path of the field in the caller's own terms, such as <c>routing.parameters.network_weight</c>; "" for the whole.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
[GenerateSerializer, Immutable, Alias("infermesh.FieldError")]
public sealed record FieldError([property: Id(0)] string Field, [property: Id(1)] string Message);
