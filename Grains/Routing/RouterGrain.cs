using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Plugins;
using Orleans.Concurrency;

namespace InferMesh.Grains.Routing;

/// <inheritdoc cref="IRouterGrain"/>
[GrainType("router"), StatelessWorker, Reentrant]
internal sealed class RouterGrain(RoutingTableCache cache, Router router, AdmissionGate gate, ReservationClient reservations, SiloPlugins plugins, PluginTrials trials) : Grain, IRouterGrain
{
    public async ValueTask<RouteDecision> Route(RouteQuery query)
    {
        await cache.Complete;
        return gate.Route(query);
    }

    public async ValueTask<RouteDecision> RouteQueued(RouteQuery query, CancellationToken cancellationToken)
    {
        await cache.Complete.WaitAsync(cancellationToken);
        return await gate.RouteQueuedAsync(query, cancellationToken);
    }

    public async ValueTask<RouteDecision> DryRun(RouteQuery query)
    {
        await cache.Complete;
        return router.Decide(query, dryRun: true);
    }

    public async ValueTask<RouteTrial[]> TryPolicy(RouteQuery[] queries, Policy policy)
    {
        await cache.Complete;
        // The plugin that serves is not tried: parameters of anybody's would count against it.
        var serving = PluginReference.Of(policy.Spec.Routing?.Strategy) is { } named ? plugins.Find(named) : null;
        return serving is null ? router.Try(queries, policy, new(static _ => null)) : await trials.TryAsync(queries, serving.Package.Digest, policy);
    }

    public async ValueTask<PluginTrial> TryPlugin(RouteQuery[] queries, string digest, RoutingSpec routing)
    {
        await cache.Complete;
        return await trials.TryAsync(queries, digest, routing);
    }

    public async ValueTask<RouteDecision[]> RouteBatch(RouteQuery[] queries, RouteOutcome[] outcomes)
    {
        // What has ended makes room for what comes.
        foreach (var outcome in outcomes) _ = TryReportAsync(outcome);
        await cache.Complete;
        return Array.ConvertAll(queries, gate.Route);
    }

    public async ValueTask<bool> Report(RouteOutcome outcome)
    {
        var settled = await reservations.ReportAsync(outcome);
        if (settled) RoutingMetrics.Outcomes.Add(1, new KeyValuePair<string, object?>("status", outcome.Status.ToString()));
        return settled;
    }

    public async ValueTask<bool> Move(string reservationId, string nodeId) => await reservations.MoveAsync(reservationId, nodeId);

    public async ValueTask<bool> Hedge(string reservationId, string nodeId) => await reservations.HedgeAsync(reservationId, nodeId);

    public async ValueTask Renew(string[] reservationIds) => await reservations.RenewAsync(reservationIds);

    public ValueTask<IReadOnlyList<string>> LostNodes(string model, IReadOnlyList<string> nodeIds) => ValueTask.FromResult(router.LostNodes(model, nodeIds));

    public ValueTask<RouterStatus> Status() => ValueTask.FromResult(router.Status);

    private async Task TryReportAsync(RouteOutcome outcome)
    {
        try
        {
            await Report(outcome);
        }
        catch (Exception)
        {
            RoutingMetrics.LostOutcomes.Add(1);
        }
    }
}
