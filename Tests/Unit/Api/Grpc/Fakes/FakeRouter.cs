using System.Collections.Concurrent;
using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>A router that answers as it is told and remembers what it was asked.</summary>
[GrainType("fake-grpc-router")]
internal sealed class FakeRouter : IRouterGrain
{
    private readonly Channel<RouteOutcome> _reported = Channel.CreateUnbounded<RouteOutcome>();

    public Func<RouteQuery, RouteDecision> OnRoute { get; set; } = _ => new RouteDecision { Status = RouteStatus.ModelUnknown };

    /// <summary>What a decision waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public Func<RouteOutcome, bool> OnReport { get; set; } = _ => true;

    public RouterStatus State { get; set; } = new("silo", 1, 1, 1, 1, 0, 0);

    public ConcurrentQueue<RouteQuery> Queries { get; } = [];

    public ConcurrentQueue<(string Id, string NodeId)> Moves { get; } = [];

    public ConcurrentQueue<(string Id, string NodeId)> Hedges { get; } = [];

    public ConcurrentQueue<RouteOutcome> Reports { get; } = [];

    public static RouteTarget Target(string nodeId, string endpoint, bool synthetic = false) => new() { NodeId = nodeId, Endpoint = endpoint, Synthetic = synthetic, Runtime = "vllm" };

    public static RouteDecision Routed(string id, params RouteTarget[] targets) => new() { Status = RouteStatus.Routed, DecisionId = id, Targets = targets };

    public async ValueTask<RouteDecision> Route(RouteQuery query)
    {
        Queries.Enqueue(query);
        await Gate;
        return OnRoute(query);
    }

    public Func<RouteQuery, CancellationToken, ValueTask<RouteDecision>> OnRouteQueued { get; set; } = (_, _) => ValueTask.FromResult(new RouteDecision { Status = RouteStatus.Overloaded, Refusal = RouteRefusal.QueueTimeout });

    public ValueTask<RouteDecision> RouteQueued(RouteQuery query, CancellationToken cancellationToken)
    {
        Queries.Enqueue(query);
        return OnRouteQueued(query, cancellationToken);
    }

    public ValueTask<RouteDecision> DryRun(RouteQuery query) => Route(query);

    public ValueTask<RouteTrial[]> TryPolicy(RouteQuery[] queries, Policy policy) => throw new NotSupportedException();

    public ValueTask<PluginTrial> TryPlugin(RouteQuery[] queries, string digest, RoutingSpec routing) =>
        ValueTask.FromResult(routing.Parameters.Count > 0 ? new PluginTrial { Errors = [new("parameters.x", "is none.")] } : new() { Calls = queries.Length, Failures = new Dictionary<string, long> { ["trap"] = 3 } });

    public ValueTask<bool> Report(RouteOutcome outcome)
    {
        Reports.Enqueue(outcome);
        _reported.Writer.TryWrite(outcome);
        return ValueTask.FromResult(OnReport(outcome));
    }

    public async ValueTask<RouteDecision[]> RouteBatch(RouteQuery[] queries, RouteOutcome[] outcomes)
    {
        foreach (var outcome in outcomes) await Report(outcome);
        var decisions = new List<RouteDecision>();
        foreach (var query in queries) decisions.Add(await Route(query));
        return [.. decisions];
    }

    public ValueTask<bool> Move(string reservationId, string nodeId)
    {
        Moves.Enqueue((reservationId, nodeId));
        return ValueTask.FromResult(true);
    }

    public ValueTask<bool> Hedge(string reservationId, string nodeId)
    {
        Hedges.Enqueue((reservationId, nodeId));
        return ValueTask.FromResult(true);
    }

    public ConcurrentQueue<string> Renewals { get; } = [];

    public ValueTask Renew(string[] reservationIds)
    {
        foreach (var id in reservationIds) Renewals.Enqueue(id);
        return ValueTask.CompletedTask;
    }

    public ConcurrentDictionary<string, bool> Lost { get; } = [];

    public ValueTask<IReadOnlyList<string>> LostNodes(string model, IReadOnlyList<string> nodeIds) => ValueTask.FromResult<IReadOnlyList<string>>([.. nodeIds.Where(Lost.ContainsKey)]);

    public ValueTask<RouterStatus> Status() => ValueTask.FromResult(State);

    /// <summary>The next reports, in the order in which they came.</summary>
    public async Task<IReadOnlyList<RouteOutcome>> WaitForReportsAsync(int count)
    {
        for (var i = 0; i < count; i++) await _reported.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        return [.. Reports];
    }
}
