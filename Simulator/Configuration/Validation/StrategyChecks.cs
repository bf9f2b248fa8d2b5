using InferMesh.Simulator.Configuration.Yaml;
using InferMesh.Strategies;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>Strategies against the catalogue.</summary>
internal static class StrategyChecks
{
    /// <summary>The simulator's own strategy: fresh state and known service times.</summary>
    public const string Oracle = "oracle";

    public static void Check(SimConfig config, Findings findings)
    {
        var strategies = config.Strategies;
        findings.Require(strategies.Count > 0, "strategies", $"must name at least one strategy");
        for (var i = 0; i < strategies.Count; i++)
        {
            var path = $"strategies[{i}]";
            var one = strategies[i];
            findings.Require(strategies.Take(i).All(s => s.Name != one.Name), path, $"'{one.Name}' is listed twice");
            if (one.Name == Oracle)
                findings.Require(one.Parameters is null or { Count: 0 }, $"{path}.parameters", $"oracle takes no parameters");
            else if (StrategyCatalog.All.All(s => s.Name != one.Name))
                findings.Add(path, Unknown(one.Name));
            else
                foreach (var error in StrategyCatalog.Validate(one.Name, one.Parameters)) findings.Add($"{path}.{error.Field}", error.Message);
        }
    }

    private static string Unknown(string name)
    {
        string[] known = [.. StrategyCatalog.All.Select(s => s.Name), Oracle];
        return $"'{name}' is not a strategy{(Suggestion.For(name, known) is { } near ? $"; did you mean '{near}'?" : $"; there are {string.Join(", ", known)}")}";
    }
}
