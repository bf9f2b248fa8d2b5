using System.Text.RegularExpressions;
using InferMesh.Strategies;
using InferMesh.Strategies.Training;

namespace InferMesh.Grains.Plugins;

/// <summary>A plugin as a policy names it.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version; "" for the one that is enabled.</param>
internal readonly partial record struct PluginReference(string Name, string Version)
{
    /// <summary>What a strategy refers to; null for one of the catalogue, and for what is no name of a plugin.</summary>
    public static PluginReference? Of(string? strategy)
    {
        if (strategy is null || StrategyCatalog.All.Any(s => s.Name == strategy) || !Form().IsMatch(strategy)) return null;
        var at = strategy.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? new(strategy, "") : new(strategy[..at], strategy[(at + 1)..]);
    }

    /// <summary>What the strategy of a job refers to; null for one of the catalogue of those, and for what is no name of a plugin.</summary>
    public static PluginReference? OfJob(string strategy) => TrainingCatalog.All.Any(s => s.Name == strategy) ? null : Of(strategy);

    public override string ToString() => Version.Length > 0 ? $"{Name}@{Version}" : Name;

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,63}(@[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(-[0-9A-Za-z.-]{1,32})?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
