using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;

namespace InferMesh.Grains.Plugins;

/// <summary>Tries versions of plugins on queries, in an instance of their own: what serves does not notice.</summary>
internal sealed class PluginTrials(PluginLoader loader, Router router) : IDisposable
{
    // Each loads an instance and decides hundreds of times: more at once would take the processors from those who decide for requests.
    private const int MaxTrials = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _turns = new(MaxTrials);

    /// <summary>Tries a version.</summary>
    /// <exception cref="TimeoutException">The silo is busy with other trials.</exception>
    public Task<PluginTrial> TryAsync(IReadOnlyList<RouteQuery> queries, string digest, RoutingSpec routing) => InTurnAsync(() => TryNowAsync(queries, digest, routing));

    /// <summary>Tries a policy that names a version; where that does not load, the policy's fallback decides, as it would.</summary>
    /// <exception cref="TimeoutException">The silo is busy with other trials.</exception>
    public Task<RouteTrial[]> TryAsync(IReadOnlyList<RouteQuery> queries, string digest, Policy policy) => InTurnAsync(async () =>
    {
        var (plugin, _) = await loader.LoadAsync(digest);
        using (plugin) return await Task.Run(() => router.Try(queries, policy, new(_ => plugin)));
    });

    public void Dispose() => _turns.Dispose();

    private async Task<T> InTurnAsync<T>(Func<Task<T>> trial)
    {
        if (!await _turns.WaitAsync(Patience)) throw new TimeoutException($"The silo is busy with {MaxTrials} other trials of plugins: try again.");
        try
        {
            return await trial();
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<PluginTrial> TryNowAsync(IReadOnlyList<RouteQuery> queries, string digest, RoutingSpec routing)
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
