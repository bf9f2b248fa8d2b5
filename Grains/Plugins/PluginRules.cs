using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Common;
using InferMesh.Grains.Policies;
using InferMesh.Strategies;
using InferMesh.Strategies.Training;

namespace InferMesh.Grains.Plugins;

/// <summary>Checks the strategy that a policy or an endpoint names, be it of the catalogue or a plugin.</summary>
internal static class PluginRules
{
    /// <summary>The plugin that a routing part names; null when it names none, or there is none.</summary>
    public static async Task<MeshPlugin?> FindAsync(IGrainFactory grains, RoutingSpec? routing) =>
        PluginReference.Of(routing?.Strategy) is { } named ? await grains.GetGrain<IPluginGrain>(named.Name).Get() : null;

    /// <summary>All that is wrong, with fields such as <c>strategy</c> and <c>parameters.tail_weight</c>.</summary>
    /// <param name="routing">The part.</param>
    /// <param name="plugin">What <see cref="FindAsync"/> gave.</param>
    public static IEnumerable<ParameterError> Check(RoutingSpec routing, MeshPlugin? plugin)
    {
        if (PluginReference.Of(routing.Strategy) is not { } named)
        {
            foreach (var error in StrategyCatalog.Validate(routing.Strategy, routing.Parameters)) yield return error;
            if (routing.Fallback is not null) yield return new("fallback", "is for a plugin alone: a strategy of the catalogue has none. Leave it out.");
            yield break;
        }
        if (StrategyCatalog.Validate(routing.Fallback ?? RoutingSpec.DefaultFallback, null) is [var wrong, ..]) yield return new("fallback", wrong.Message);
        if (plugin is null)
        {
            yield return new("strategy", StrategyCatalog.Validate(named.Name, null)[0].Message + " A plugin is pushed before a policy names it, and there is none of this name.");
        }
        else if (!plugin.Spec.Enabled)
        {
            yield return new("strategy", $"'{named.Name}' is a plugin that is not enabled: enable a version of it first.");
        }
        else if (plugin.Spec.Find(named.Version) is not { } version)
        {
            yield return new("strategy", $"Plugin '{named.Name}' has no version {named.Version}. There are: {string.Join(", ", plugin.Spec.Versions.Select(static v => v.Version))}.");
        }
        else if (version.Kind == PluginVersion.TrainingKind)
        {
            yield return new("strategy", $"'{named.Name}' is a plugin that places training jobs, and ranks no targets.");
        }
        else
        {
            foreach (var error in StrategyCatalog.Validate(Describe(named.Name, version), routing.Parameters)) yield return error;
        }
    }

    /// <summary>A routing part as it is served while the plugin that it names is not there; itself when it names none.</summary>
    public static RoutingSpec? WithoutPlugin(RoutingSpec? routing) =>
        PluginReference.Of(routing?.Strategy) is null ? routing : new() { Strategy = routing!.Fallback ?? RoutingSpec.DefaultFallback };

    /// <summary>What is wrong with the strategy of a job; null when nothing is.</summary>
    /// <param name="strategy">The strategy; "" for the default.</param>
    /// <param name="plugin">Plugin of its name; null when there is none.</param>
    public static FieldError? OfJob(string strategy, MeshPlugin? plugin)
    {
        if (strategy.Length == 0 || TrainingCatalog.All.Any(s => s.Name == strategy)) return null;
        if (PluginReference.OfJob(strategy) is not { } named || plugin is null)
            return new("strategy", $"'{NameRules.Shorten(strategy)}' is not a strategy for jobs. Known: {string.Join(", ", TrainingCatalog.All.Select(static s => s.Name))}. A plugin is pushed before a job names it, and there is none of this name.");
        if (!plugin.Spec.Enabled) return new("strategy", $"'{named.Name}' is a plugin that is not enabled: enable a version of it first.");
        if (plugin.Spec.Find(named.Version) is not { } version)
            return new("strategy", $"Plugin '{named.Name}' has no version {named.Version}. There are: {string.Join(", ", plugin.Spec.Versions.Select(static v => v.Version))}.");
        return version.Kind == PluginVersion.TrainingKind ? null : new("strategy", $"'{named.Name}' is a plugin that ranks the targets of requests, and places no jobs.");
    }

    /// <summary>What is wrong by now with a routing part that was right once: the plugin that it names is gone, or is another. Fields begin with <c>routing</c>.</summary>
    public static async Task<IReadOnlyList<FieldError>> LapsesAsync(IGrainFactory grains, RoutingSpec? routing)
    {
        if (routing is null || PluginReference.Of(routing.Strategy) is null) return [];
        var errors = new List<FieldError>();
        PolicyValidator.Routing(errors, routing, await FindAsync(grains, routing));
        return errors;
    }

    /// <summary>A version as the catalogue describes its own.</summary>
    public static StrategyDescription Describe(string name, PluginVersion version) =>
        new(name, version.Description, [.. version.Parameters.Select(static p => new StrategyParameter(p.Name, p.Unit, p.Default, p.Min, p.Max, p.Description))]);
}
