using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>The state plane: registrations and readings in, the last known state out.</summary>
internal sealed partial class StatePlaneService(
    GrainCalls calls, FleetReader cells, ReportSessions sessions, ReportReader reader, ApiLocation location, JobLease lease, TimeProvider time, IHostApplicationLifetime lifetime) : StatePlane.StatePlaneBase
{
    private const int MaxLabels = 64;
    private const int MaxLabelText = 256;

    [Needs(Permission.NodesReport)]
    public override async Task<RegisterNodeResponse> RegisterNode(RegisterNodeRequest request, ServerCallContext context)
    {
        CheckRegistration(request);

        var registration = new NodeRegistration
        {
            NodeId = request.NodeId,
            CellId = request.Cell,
            Zone = request.Zone,
            Region = request.Region,
            FailureDomain = request.FailureDomain,
            Labels = request.Labels.ToDictionary(),
            Roles = request.Roles.Count == 0 ? ["gpu"] : [.. request.Roles],
            Synthetic = request.Synthetic,
        };
        var actor = context.Actor();
        // Registering again is harmless, so it may be repeated.
        var result = await calls.RetryAsync(grains => grains.GetGrain<INodeGrain>(request.NodeId).Register(registration, actor), context.CancellationToken);
        return new RegisterNodeResponse { Version = NodeResults.Accepted(result, request.NodeId).Version };
    }

    [Needs(Permission.NodesReport)]
    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Require(!request.HasRttMs || request.RttMs is > 0 and <= ReportLimits.MaxAgeMs, "rtt_ms", "must be above 0 and at most 3600000.");
        ReportValidator.Coordinate(violations, "coordinate", request.Coordinate);
        violations.ThrowIfAny();
        if (request is { Coordinate: { } node, HasRttMs: true }) location.Measured(NetworkMapper.ToCoordinate(node), request.RttMs);
        var here = location.Current;
        return Task.FromResult(new PingResponse { Api = here.Name, Coordinate = NetworkMapper.ToProto(here.Coordinate) });
    }

    [Needs(Permission.NodesReport)]
    public override Task ReportNode(IAsyncStreamReader<NodeReport> requestStream, IServerStreamWriter<ReportAck> responseStream, ServerCallContext context) =>
        sessions.Open(context.GetHttpContext().Caller()).RunAsync(requestStream, responseStream, reader.Read, context.CancellationToken);

    [Needs(Permission.NodesReport)]
    public override Task ReportModelState(IAsyncStreamReader<ModelStateReport> requestStream, IServerStreamWriter<ReportAck> responseStream, ServerCallContext context) =>
        sessions.Open(context.GetHttpContext().Caller()).RunAsync(requestStream, responseStream, reader.Read, context.CancellationToken);

    [Needs(Permission.NodesReport)]
    public override Task ReportGpuState(IAsyncStreamReader<GpuStateReport> requestStream, IServerStreamWriter<ReportAck> responseStream, ServerCallContext context) =>
        sessions.Open(context.GetHttpContext().Caller()).RunAsync(requestStream, responseStream, ReportReader.Read, context.CancellationToken);

    /// <summary>The node's grain checks again; a wrong id must not become the key of one, and all errors are told at once.</summary>
    private static void CheckRegistration(RegisterNodeRequest request)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Name("cell", request.Cell);
        if (request.Zone.Length > 0) violations.Name("zone", request.Zone);
        if (request.Region.Length > 0) violations.Name("region", request.Region);
        if (request.FailureDomain.Length > 0) violations.Name("failure_domain", request.FailureDomain);
        violations.Require(request.Labels.Count <= MaxLabels, "labels", $"{request.Labels.Count} labels are too many: at most {MaxLabels}.");
        violations.Require(request.Labels.All(label => label.Key.Length is > 0 and <= MaxLabelText && label.Value.Length <= MaxLabelText), "labels", $"names must have 1 to {MaxLabelText} characters, values at most as many.");
        violations.Require(request.Roles.All(role => role is "gpu" or "router" or "edge"), "roles", "must be gpu, router or edge.");
        violations.ThrowIfAny();
    }

    private async Task<NodeView> ReadNodeAsync(string nodeId, CancellationToken cancellationToken) =>
        await calls.RetryAsync(grains => grains.GetGrain<INodeGrain>(nodeId).Get(), cancellationToken) ?? throw RpcErrors.NotFound("node", nodeId);
}
