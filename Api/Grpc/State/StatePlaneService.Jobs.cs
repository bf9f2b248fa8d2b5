using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

internal sealed partial class StatePlaneService
{
    /// <summary>How long a poll waits for something new.</summary>
    private static readonly TimeSpan JobPoll = TimeSpan.FromSeconds(5);

    private const int MaxRunningJobs = 1024;
    private const int MaxHost = 253;
    private const int MaxCheckpointRef = 2048;

    [Needs(Permission.NodesReport)]
    public override async Task<PollJobsResponse> PollJobs(PollJobsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Name("cell", request.Cell);
        violations.Require(Uri.CheckHostName(request.Host) != UriHostNameType.Unknown && request.Host.Length <= MaxHost, "host", "must be a host name or an IP address.");
        violations.Require(request.Running.Count <= MaxRunningJobs, "running", $"{request.Running.Count} are too many: at most {MaxRunningJobs}.");
        foreach (var (i, running) in request.Running.Take(MaxRunningJobs).Index())
        {
            violations.Name($"running[{i}].job_id", running.JobId);
            violations.Require(running.Fence > 0, $"running[{i}].fence", "must be 1 or more.");
        }
        violations.ThrowIfAny();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var node = await ReadNodeAsync(request.NodeId, stop.Token);
            var launcher = JobAssignmentMapper.ToContract(request, node.Registration.CellId);
            // An agent must not be told of no change without its lease: this process asks for everything once, and knows the lease then.
            var version = lease.Current is null ? 0 : request.Version;
            var news = await calls.RetryAsync(grains => grains.GetGrain<INodeJobsGrain>(request.NodeId).Watch(version, launcher, Wait()), stop.Token);
            if (news is null) return new() { Version = request.Version, LeaseSeconds = lease.Current?.TotalSeconds ?? 0 };
            lease.Current = news.Lease;
            return JobAssignmentMapper.ToProto(news);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Unavailable("This server stops: connect again.");
        }
    }

    /// <summary>Ranks live for a lease after their agent has asked: what it waits for must be a small part of that.</summary>
    private TimeSpan Wait() => lease.Current is { } known && known / 3 < JobPoll ? known / 3 : JobPoll;

    [Needs(Permission.NodesReport)]
    public override async Task<ReportJobResponse> ReportJob(ReportJobRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Name("job_id", request.JobId);
        violations.Require(request.Fence > 0, "fence", "must be 1 or more.");
        violations.Require(JobAssignmentMapper.IsKnown(request.Kind), "kind", "must be a kind of this version.");
        violations.Require(request.Step >= 0, "step", "must be 0 or more.");
        violations.Require(!request.HasStepSeconds || (double.IsFinite(request.StepSeconds) && request.StepSeconds >= 0), "step_seconds", "must be a number that is not negative.");
        violations.OptionalText("checkpoint_ref", request.CheckpointRef, MaxCheckpointRef);
        violations.Require(!request.HasRank || request.Rank >= 0, "rank", "must be 0 or more.");
        violations.OptionalText("error", request.Error, MaxErrorText);
        violations.ThrowIfAny();
        // A report that comes twice says nothing new the second time, so it may be sent again.
        await calls.RetryAsync(
            async grains =>
            {
                await grains.GetGrain<IJobGrain>(request.JobId).Report(JobAssignmentMapper.ToContract(request));
                return true;
            },
            context.CancellationToken);
        return new();
    }
}
