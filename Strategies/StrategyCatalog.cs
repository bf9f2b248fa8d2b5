using System.Collections.Frozen;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies;

/// <summary>One number that a strategy can be tuned by.</summary>
/// <param name="Name">Name in a policy.</param>
/// <param name="Unit">Unit, or "" for a bare number.</param>
/// <param name="Default">Value when a policy does not give it.</param>
/// <param name="Min">Smallest value allowed.</param>
/// <param name="Max">Largest value allowed.</param>
/// <param name="Description">What it does, in one sentence.</param>
public sealed record StrategyParameter(string Name, string Unit, double Default, double Min, double Max, string Description);

/// <summary>A strategy that can be named in a policy, on a command line or in a simulation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, in one sentence.</param>
/// <param name="Parameters">What it can be tuned by.</param>
/// <param name="Hedges">Whether its decisions carry a second attempt of its own accord.</param>
/// <param name="DecisionCostSeconds">Processor seconds of one decision among 512 targets, in the order of magnitude of a whole live decision as measured (docs/performance.md): what a simulation charges.</param>
public sealed record StrategyDescription(
    string Name, string Description, IReadOnlyList<StrategyParameter> Parameters, bool Hedges = false, double DecisionCostSeconds = 10e-6);

/// <summary>A value that the validator refused.</summary>
/// <param name="Field">Path of the field, such as <c>parameters.network_weight</c>.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public sealed record ParameterError(string Field, string Message);

/// <summary>The only place where a strategy is registered: name, parameters, factory. The policy store, the simulator and the CLI validate through it.</summary>
public static class StrategyCatalog
{
    /// <summary>Strategy of a mesh without a routing policy.</summary>
    public const string Default = "mesh";

    /// <summary>What answers where a plugin does not and nobody names another.</summary>
    public const string DefaultFallback = "hybrid_mesh";

    /// <summary>All strategies, in the order of the catalogue.</summary>
    public static IReadOnlyList<StrategyDescription> All { get; } = Array.ConvertAll(StrategyEntries.All, e => e.Description);

    /// <summary>Checks a name and its parameters; an empty list means that <see cref="Create"/> will succeed.</summary>
    public static IReadOnlyList<ParameterError> Validate(string? name, IReadOnlyDictionary<string, double>? parameters)
    {
        if (Find(name) is not { } entry) return [new("strategy", $"'{name}' is not a strategy. Known: {string.Join(", ", All.Select(s => s.Name))}.")];
        return Validate(entry.Description, parameters);
    }

    /// <summary>Checks parameters against a description, which need not be of the catalogue; an empty list means that they are right.</summary>
    public static IReadOnlyList<ParameterError> Validate(StrategyDescription strategy, IReadOnlyDictionary<string, double>? parameters)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        return [.. (parameters ?? new Dictionary<string, double>()).Select(p => Check(strategy, strategy.Parameters.FirstOrDefault(k => k.Name == p.Key), p.Key, p.Value)).OfType<ParameterError>()];
    }

    /// <summary>Creates a strategy, a new one each time: what it learns stays with it. Parameters that are not given take their defaults.</summary>
    /// <exception cref="ArgumentException"><see cref="Validate(string, IReadOnlyDictionary{string, double})"/> finds an error.</exception>
    public static IRoutingStrategy Create(string name, IReadOnlyDictionary<string, double>? parameters = null)
    {
        if (Validate(name, parameters) is [var first, ..]) throw new ArgumentException($"{first.Field}: {first.Message}", nameof(parameters));
        var entry = Find(name)!;
        var made = entry.Factory(entry.Description.Parameters.ToDictionary(p => p.Name, p => parameters is not null && parameters.TryGetValue(p.Name, out var v) ? v : p.Default));
        if (made is ScoringStrategy scoring && parameters is { Count: > 0 }) scoring.Parameters = parameters.ToFrozenDictionary(StringComparer.Ordinal);
        return made;
    }

    /// <summary>What a strategy of the catalogue was made of, so that it can be made again; null for one of a plugin.</summary>
    internal static IReadOnlyDictionary<string, double>? ParametersOf(IRoutingStrategy strategy) => strategy switch
    {
        ScoringStrategy scoring => scoring.Parameters,
        BaselineRoundRobin or PowerOfTwo => FrozenDictionary<string, double>.Empty,
        _ => null,
    };

    private static StrategyEntry? Find(string? name) => Array.Find(StrategyEntries.All, e => e.Description.Name == name);

    private static ParameterError? Check(StrategyDescription strategy, StrategyParameter? parameter, string name, double value) => parameter switch
    {
        null when strategy.Parameters.Count == 0 => new($"parameters.{name}", $"{strategy.Name} takes no parameters."),
        null => new($"parameters.{name}", $"{strategy.Name} has no such parameter. Known: {string.Join(", ", strategy.Parameters.Select(p => p.Name))}."),
        _ when !(value >= parameter.Min && value <= parameter.Max) => new($"parameters.{name}", FormattableString.Invariant($"{value} is out of range {parameter.Min}..{parameter.Max}.")),
        _ => null,
    };
}
