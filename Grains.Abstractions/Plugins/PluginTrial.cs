using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Grains.Abstractions.Plugins;

/// <summary>What a version of a plugin did with queries, on one silo, beside what was decided without it.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.PluginTrial")]
public sealed record PluginTrial
{
    /// <summary>Why it could not be tried; empty when it was.</summary>
    [Id(0)] public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>Each query, decided twice.</summary>
    [Id(1)] public IReadOnlyList<RouteTrial> Trials { get; init; } = [];

    /// <summary>Rankings that the plugin was asked for.</summary>
    [Id(2)] public long Calls { get; init; }

    /// <summary>Rankings that the fallback answered, by why: <c>timeout</c>, <c>out_of_fuel</c>, <c>trap</c>, <c>exception</c>, <c>invalid</c>, <c>breaker_open</c>, <c>quarantined</c>.</summary>
    [Id(3)] public IReadOnlyDictionary<string, long> Failures { get; init; } = new Dictionary<string, long>();

    /// <summary>Mean seconds of a decision as it is made now; 0 when nothing was decided.</summary>
    [Id(4)] public double SecondsNow { get; init; }

    /// <summary>Mean seconds of a decision with the plugin; 0 when nothing was decided.</summary>
    [Id(5)] public double SecondsThen { get; init; }
}
