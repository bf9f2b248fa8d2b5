using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>Opens reporting calls.</summary>
internal sealed class ReportSessions(GrainCalls calls, ITelemetryPublisher publisher, ReportMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public ReportSession Open(Caller caller) => new(caller, calls, publisher, metrics, time, lifetime);
}

/// <summary>One reporting call: batch in, publish, acknowledge, in this order, so that an acknowledged batch has reached the cluster.</summary>
internal sealed class ReportSession(Caller caller, GrainCalls calls, ITelemetryPublisher publisher, ReportMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>How long the cluster may take to accept a batch before the agent is sent to another API.</summary>
    public static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(3);

    // The cluster drops what an unregistered node sends: an agent must hear of it, also when its node is removed while it reports.
    private static readonly TimeSpan RegistrationCheckPeriod = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, long> _checkedAt = new(StringComparer.Ordinal);

    public async Task RunAsync<TReport>(
        IAsyncStreamReader<TReport> reports, IServerStreamWriter<ReportAck> acks, Func<TReport, DateTimeOffset, NodeTelemetry> read, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            while (await reports.MoveNext(stop.Token))
            {
                var arrival = time.GetUtcNow();
                caller.ThrowIfEnded(arrival);
                var telemetry = Read(reports.Current, arrival, read);
                await CheckRegisteredAsync(telemetry.NodeId, stop.Token);
                await PublishAsync(telemetry, stop.Token);
                await acks.WriteAsync(new ReportAck { Epoch = telemetry.Epoch, Sequence = telemetry.Sequence, ReceivedAt = Timestamp.FromDateTimeOffset(arrival) }, stop.Token);
            }
        }
        catch (Exception e) when (lifetime.ApplicationStopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            throw RpcErrors.Unavailable("This server stops: connect again.");
        }
    }

    private NodeTelemetry Read<TReport>(TReport report, DateTimeOffset arrival, Func<TReport, DateTimeOffset, NodeTelemetry> read)
    {
        try
        {
            return read(report, arrival);
        }
        catch (RpcException)
        {
            metrics.Refused("invalid");
            throw;
        }
    }

    private async Task CheckRegisteredAsync(string nodeId, CancellationToken cancellationToken)
    {
        if (_checkedAt.TryGetValue(nodeId, out var last) && time.GetElapsedTime(last) < RegistrationCheckPeriod) return;
        if (_checkedAt.Count >= ReportLimits.MaxNodesPerCall && !_checkedAt.ContainsKey(nodeId))
        {
            metrics.Refused("too_many_nodes");
            var violations = new Violations();
            violations.Add("node_id", $"one call may report at most {ReportLimits.MaxNodesPerCall} nodes: open another one.");
            violations.ThrowIfAny();
        }
        if (await calls.RetryAsync(grains => grains.GetGrain<INodeGrain>(nodeId).Get(), cancellationToken) is null)
        {
            metrics.Refused("not_registered");
            throw RpcErrors.NotFound("registered node", nodeId);
        }
        _checkedAt[nodeId] = time.GetTimestamp();
    }

    private async Task PublishAsync(NodeTelemetry telemetry, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            await publisher.PublishAsync(telemetry).WaitAsync(PublishTimeout, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && GrainCalls.IsTransient(e))
        {
            metrics.Refused("not_published");
            throw RpcErrors.Unavailable("The cluster did not take the batch in time: connect again and send the next one.");
        }
        metrics.Published(time.GetElapsedTime(started));
    }
}
