using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.State.V1;
using Wire = InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

internal sealed partial class StatePlaneService
{
    /// <summary>How long one poll of the cluster waits. The planner counts on agents being heard of more often than every seven seconds.</summary>
    private static readonly TimeSpan AssignmentPoll = TimeSpan.FromSeconds(5);

    private const int MaxRuntimes = 1024;
    private const int MaxResults = 1024;
    private const int MaxErrorText = 2048;

    [Needs(Permission.NodesReport)]
    public override async Task WatchAssignments(WatchAssignmentsRequest request, IServerStreamWriter<Wire.NodeAssignment> responseStream, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Require(request.Runtimes.Count <= MaxRuntimes, "runtimes", $"{request.Runtimes.Count} are too many: at most {MaxRuntimes}.");
        foreach (var (i, runtime) in request.Runtimes.Take(MaxRuntimes).Index())
        {
            violations.Text($"runtimes[{i}].endpoint", runtime.Endpoint, ReportLimits.MaxText);
            violations.Text($"runtimes[{i}].runtime", runtime.Runtime, ReportLimits.MaxText);
            violations.OptionalText($"runtimes[{i}].gpu", runtime.Gpu, ReportLimits.MaxText);
            violations.Require(runtime.Actions.All(AssignmentMapper.IsKnown), $"runtimes[{i}].actions", "must be actions of this version.");
        }
        violations.ThrowIfAny();
        Grains.Abstractions.Models.ControlledRuntime[] runtimes = [.. request.Runtimes.Select(AssignmentMapper.ToContract)];

        var caller = context.GetHttpContext().Caller();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            // Its registration is asked for with every poll: a node that is removed hears of it.
            for (var version = request.Version; ;)
            {
                await ReadNodeAsync(request.NodeId, stop.Token);
                caller.ThrowIfEnded(time.GetUtcNow());
                var news = await calls.RetryAsync(grains => grains.GetGrain<INodeModelsGrain>(request.NodeId).Watch(version, runtimes, AssignmentPoll), stop.Token);
                if (news is null) continue; // Nothing new within the poll.
                version = news.Version;
                await responseStream.WriteAsync(AssignmentMapper.ToProto(news), stop.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Unavailable("This server stops: connect again.");
        }
    }

    [Needs(Permission.NodesReport)]
    public override async Task<ReportAssignmentResponse> ReportAssignment(ReportAssignmentRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Require(request.Results.Count is > 0 and <= MaxResults, "results", $"must have 1 to {MaxResults} entries.");
        foreach (var (i, result) in request.Results.Take(MaxResults).Index())
        {
            violations.Text($"results[{i}].id", result.Id);
            violations.OptionalText($"results[{i}].error", result.Error, MaxErrorText);
            violations.Require(double.IsFinite(result.Seconds) && result.Seconds >= 0, $"results[{i}].seconds", "must be a number that is not negative.");
        }
        violations.ThrowIfAny();
        // A result that comes twice is dropped the second time, so it may be sent again.
        await calls.RetryAsync(
            async grains =>
            {
                await grains.GetGrain<INodeModelsGrain>(request.NodeId).Done([.. request.Results.Select(AssignmentMapper.ToContract)]);
                return true;
            },
            context.CancellationToken);
        return new();
    }
}
