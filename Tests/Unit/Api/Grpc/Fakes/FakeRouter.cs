using System.Collections.Concurrent;
using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>A router that answers as it is told and remembers what it was asked.</summary>
[GrainType("fake-grpc-router")]
internal sealed class FakeRouter : IRouterGrain
{
    private readonly Channel<RouteOutcome> _reported = Channel.CreateUnbounded<RouteOutcome>();

    public Func<RouteQuery, RouteDecision> OnRoute { get; set; } = _ => new RouteDecision { Status = RouteStatus.ModelUnknown };

    public Func<RouteOutcome, bool> OnReport { get; set; } = _ => true;

    public RouterStatus State { get; set; } = new("silo", 1, 1, 1, 1, 0, 0);

    public ConcurrentQueue<RouteQuery> Queries { get; } = [];

    public ConcurrentQueue<(string Id, string NodeId)> Moves { get; } = [];

    public ConcurrentQueue<RouteOutcome> Reports { get; } = [];

    public static RouteTarget Target(string nodeId, string endpoint, bool synthetic = false) => new() { NodeId = nodeId, Endpoint = endpoint, Synthetic = synthetic, Runtime = "vllm" };

    public static RouteDecision Routed(string id, params RouteTarget[] targets) => new() { Status = RouteStatus.Routed, DecisionId = id, Targets = targets };

    public ValueTask<RouteDecision> Route(RouteQuery query)
    {
        Queries.Enqueue(query);
        return ValueTask.FromResult(OnRoute(query));
    }

    public ValueTask<RouteDecision> DryRun(RouteQuery query) => Route(query);

    public ValueTask<bool> Report(RouteOutcome outcome)
    {
        Reports.Enqueue(outcome);
        _reported.Writer.TryWrite(outcome);
        return ValueTask.FromResult(OnReport(outcome));
    }

    public ValueTask<bool> Move(string reservationId, string nodeId)
    {
        Moves.Enqueue((reservationId, nodeId));
        return ValueTask.FromResult(true);
    }

    public ValueTask<RouterStatus> Status() => ValueTask.FromResult(State);

    /// <summary>The next reports, in the order in which they came.</summary>
    public async Task<IReadOnlyList<RouteOutcome>> WaitForReportsAsync(int count)
    {
        for (var i = 0; i < count; i++) await _reported.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        return [.. Reports];
    }
}
