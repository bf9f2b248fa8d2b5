using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Api.Grpc.Control;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Jobs.V1;
using Wire = InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

/// <summary>Training jobs over gRPC: a thin layer that checks, calls one grain and maps the answer.</summary>
internal sealed partial class JobPlaneService(GrainCalls calls, TimeProvider time, IHostApplicationLifetime lifetime) : JobPlane.JobPlaneBase
{
    private const int DefaultPageSize = 100;
    private const int MaxPageSize = 1000;

    public override async Task<Job> GetJob(GetJobRequest request, ServerCallContext context) => JobMapper.ToProto(await ReadJobAsync(request.JobId, context.CancellationToken));

    public override async Task<ListJobsResponse> ListJobs(ListJobsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(request.States.All(static s => s != Wire.JobState.Unspecified && Enum.IsDefined(s)), "states", "must be states of this version.");
        violations.OptionalText("tenant", request.Tenant);
        violations.OptionalText("project", request.Project);
        violations.OptionalText("name", request.Name);
        violations.OptionalText("node_id", request.NodeId);
        CheckPageSize(violations, request.PageSize);
        violations.Require(PageToken.TryRead(request.PageToken, out var after), "page_token", "must be a next_page_token of this call.");
        violations.ThrowIfAny();

        var query = new JobQuery
        {
            States = [.. request.States.Select(JobMapper.ToDomain).Distinct()],
            Tenant = request.Tenant,
            Project = request.Project,
            Name = request.Name,
            Node = request.NodeId,
            After = after,
            Limit = request.PageSize == 0 ? DefaultPageSize : request.PageSize,
        };
        var page = await calls.RetryAsync(grains => grains.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).List(query), context.CancellationToken);
        return new()
        {
            Jobs = { page.Jobs.Select(JobMapper.ToProto) },
            NextPageToken = page is { More: true, Jobs: [.., var last] } ? PageToken.Write(last.Id) : "",
            Total = page.Total,
            ByState = { page.ByState.OrderBy(s => s.Key).Select(s => new JobStateCount { State = JobMapper.ToProto(s.Key), Jobs = s.Value }) },
        };
    }

    public override async Task<Wire.JobExplanation> ExplainJob(ExplainJobRequest request, ServerCallContext context)
    {
        var job = await ReadJobAsync(request.JobId, context.CancellationToken);
        var explanation = await calls.RetryAsync(grains => grains.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key).Explain(job.Id), context.CancellationToken);
        return explanation is null ? JobMapper.Unplanned(job) : JobMapper.ToProto(explanation);
    }

    public override async Task<ListJobEventsResponse> ListJobEvents(ListJobEventsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("job_id", request.JobId);
        violations.Require(request.After >= 0, "after", "must be 0 or more.");
        CheckPageSize(violations, request.PageSize);
        violations.ThrowIfAny();
        await ReadJobAsync(request.JobId, context.CancellationToken);
        var (events, truncated) = await calls.JobEventsAsync(request.JobId, request.After, request.PageSize == 0 ? DefaultPageSize : request.PageSize, context.CancellationToken);
        return new() { Events = { events.Select(JobMapper.ToProto) }, Truncated = truncated };
    }

    public override async Task<Capacity> GetCapacity(GetCapacityRequest request, ServerCallContext context) =>
        CapacityMapper.ToProto(await calls.RetryAsync(grains => grains.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key).Capacity(), context.CancellationToken));

    private static void CheckPageSize(Violations violations, int size) =>
        violations.Require(size is >= 0 and <= MaxPageSize, "page_size", $"must be 1 to {MaxPageSize}, or 0 for {DefaultPageSize}.");

    private async Task<MeshJob> ReadJobAsync(string id, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Name("job_id", id);
        violations.ThrowIfAny();
        return await calls.JobAsync(id, cancellationToken) ?? throw RpcErrors.NotFound("job", id);
    }
}
