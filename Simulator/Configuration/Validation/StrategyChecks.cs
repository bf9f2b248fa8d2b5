using InferMesh.Simulator.Configuration.Yaml;
using InferMesh.Strategies;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>Strategies against the catalogue and what there is beside it.</summary>
internal static class StrategyChecks
{
    /// <summary>The simulator's own strategy: fresh state and known service times.</summary>
    public const string Oracle = "oracle";

    public static void Check(SimConfig config, IStrategySource? others, Findings findings)
    {
        var strategies = config.Strategies;
        findings.Require(strategies.Count > 0, "strategies", $"must name at least one strategy");
        for (var i = 0; i < strategies.Count; i++)
        {
            var path = $"strategies[{i}]";
            var one = strategies[i];
            findings.Require(strategies.Take(i).All(s => s.Name != one.Name), path, $"'{one.Name}' is listed twice");
            if (IsBuiltIn(one.Name))
                findings.Require(one.Fallback is null, $"{path}.fallback", $"is for a plugin alone: '{one.Name}' needs none");
            else if (config.Service.Model == ServiceModel.ReferenceBugs && Describe(one.Name, others) is not null)
                findings.Add(path, $"'{one.Name}' is a plugin, which service.model reference_bugs does not run");
            if (one.Fallback is { } fallback && !IsBuiltIn(one.Name) && (fallback == Oracle || !IsBuiltIn(fallback)))
                findings.Add($"{path}.fallback", $"'{fallback}' is not a strategy of the catalogue; there are {string.Join(", ", StrategyCatalog.All.Select(static s => s.Name))}");
            if (one.Name == Oracle)
                findings.Require(one.Parameters is null or { Count: 0 }, $"{path}.parameters", $"oracle takes no parameters");
            else if (Describe(one.Name, others) is { } known)
                foreach (var error in StrategyCatalog.Validate(known, one.Parameters)) findings.Add($"{path}.{error.Field}", error.Message);
            else
                findings.Add(path, Unknown(one.Name, others));
        }
    }

    /// <summary>Whether a strategy is the catalogue's or the simulator's own.</summary>
    public static bool IsBuiltIn(string name) => name == Oracle || StrategyCatalog.All.Any(s => s.Name == name);

    /// <summary>What is known of a strategy; null when there is none of that name, and for the oracle.</summary>
    public static StrategyDescription? Describe(string name, IStrategySource? others) =>
        StrategyCatalog.All.FirstOrDefault(s => s.Name == name) ?? others?.Routing.FirstOrDefault(s => s.Name == name);

    private static string Unknown(string name, IStrategySource? others)
    {
        string[] known = [.. StrategyCatalog.All.Concat(others?.Routing ?? []).Select(s => s.Name), Oracle];
        return $"'{name}' is not a strategy{(Suggestion.For(name, known) is { } near ? $"; did you mean '{near}'?" : $"; there are {string.Join(", ", known)}")}";
    }
}
