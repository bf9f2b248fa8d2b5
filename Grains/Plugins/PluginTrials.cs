using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;

namespace InferMesh.Grains.Plugins;

/// <summary>Tries versions of plugins on queries, in an instance of their own: what serves does not notice.</summary>
internal sealed class PluginTrials(PluginLoader loader, Router router)
{
    public async Task<PluginTrial> TryAsync(IReadOnlyList<RouteQuery> queries, string digest, RoutingSpec routing)
    {
        var (plugin, errors) = await loader.LoadAsync(digest);
        if (plugin is null) return new() { Errors = errors };
        using (plugin)
        {
            if (plugin.Validate(routing.Parameters) is { Count: > 0 } wrong) return new() { Errors = [.. wrong.Select(static e => new FieldError(e.Field, e.Message))] };
            if (StrategyCatalog.Validate(routing.Fallback ?? RoutingSpec.DefaultFallback, null) is [var bad, ..]) return new() { Errors = [new("fallback", bad.Message)] };
            return await Task.Run(() => Try(queries, plugin, routing));
        }
    }

    private PluginTrial Try(IReadOnlyList<RouteQuery> queries, LoadedPlugin plugin, RoutingSpec routing)
    {
        try
        {
            var strategy = plugin.CreateRouting(routing.Parameters, StrategyCatalog.Create(routing.Fallback ?? RoutingSpec.DefaultFallback));
            var (trials, now, then) = router.Try(queries, strategy);
            var counts = plugin.Counts;
            return new()
            {
                Trials = trials,
                Calls = counts.Calls,
                Failures = counts.Fallbacks.ToDictionary(static f => PluginFailures.Name(f.Key), static f => f.Value),
                SecondsNow = now.TotalSeconds / Math.Max(1, trials.Length),
                SecondsThen = then.TotalSeconds / Math.Max(1, trials.Length),
            };
        }
        catch (InvalidOperationException e)
        {
            return new() { Errors = [new("version", e.Message)] };
        }
    }
}
