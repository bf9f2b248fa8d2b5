using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc.Control;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Limits;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Jobs.V1;
using JobPlace = InferMesh.Api.Endpoints.Jobs.JobPlace;
using Wire = InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

/// <summary>Training jobs over gRPC: a thin layer that checks, calls one grain and maps the answer.</summary>
internal sealed partial class JobPlaneService(GrainCalls calls, OwnReader own, StreamPlaces places, TimeProvider time, IHostApplicationLifetime lifetime) : JobPlane.JobPlaneBase
{
    private const int DefaultPageSize = 100;
    private const int MaxPageSize = 1000;

    [Needs(Permission.JobsRead)]
    public override async Task<Job> GetJob(GetJobRequest request, ServerCallContext context) => JobMapper.ToProto(await ReadJobAsync(request.JobId, context));

    [Needs(Permission.JobsRead)]
    public override async Task<ListJobsResponse> ListJobs(ListJobsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(request.States.All(static s => s != Wire.JobState.Unspecified && Enum.IsDefined(s)), "states", "must be states of this version.");
        violations.OptionalText("tenant", request.Tenant);
        violations.OptionalText("project", request.Project);
        violations.OptionalText("name", request.Name);
        violations.OptionalText("node_id", request.NodeId);
        CheckPageSize(violations, request.PageSize);
        violations.Require(PageToken.TryRead(request.PageToken, out var after) && (after.Length == 0 || JobPlace.IsOne(after)), "page_token", "must be a next_page_token of this call.");
        violations.ThrowIfAny();

        var query = new JobQuery
        {
            States = [.. request.States.Select(JobMapper.ToDomain).Distinct()],
            Tenant = request.Tenant,
            Project = request.Project,
            Name = request.Name,
            Node = request.NodeId,
            Limit = request.PageSize == 0 ? DefaultPageSize : request.PageSize,
        };
        var page = await own.JobsAsync(context.GetHttpContext().Caller(), JobPlace.From(query, after), context.CancellationToken);
        return new()
        {
            Jobs = { page.Jobs.Select(JobMapper.ToProto) },
            NextPageToken = page is { More: true, Jobs: [.., var last] } ? PageToken.Write(JobPlace.Of(last)) : "",
            Total = page.Total,
            ByState = { page.ByState.OrderBy(s => s.Key).Select(s => new JobStateCount { State = JobMapper.ToProto(s.Key), Jobs = s.Value }) },
        };
    }

    [Needs(Permission.JobsRead)]
    public override async Task<Wire.JobExplanation> ExplainJob(ExplainJobRequest request, ServerCallContext context)
    {
        var job = await ReadJobAsync(request.JobId, context);
        var explanation = await own.ExplainAsync(context.GetHttpContext().Caller(), job.Id, context.CancellationToken);
        return explanation is null ? JobMapper.Unplanned(job) : JobMapper.ToProto(explanation);
    }

    [Needs(Permission.JobsRead)]
    public override async Task<ListJobEventsResponse> ListJobEvents(ListJobEventsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("job_id", request.JobId);
        violations.Require(request.After >= 0, "after", "must be 0 or more.");
        CheckPageSize(violations, request.PageSize);
        violations.ThrowIfAny();
        await ReadJobAsync(request.JobId, context);
        var (events, truncated) = await own.JobEventsAsync(context.GetHttpContext().Caller(), request.JobId, request.After, request.PageSize == 0 ? DefaultPageSize : request.PageSize, context.CancellationToken);
        return new() { Events = { events.Select(JobMapper.ToProto) }, Truncated = truncated };
    }

    [Needs(Permission.CapacityRead)]
    public override async Task<Capacity> GetCapacity(GetCapacityRequest request, ServerCallContext context) =>
        CapacityMapper.ToProto(await own.CapacityAsync(context.GetHttpContext().Caller(), context.CancellationToken));

    private static void CheckPageSize(Violations violations, int size) =>
        violations.Require(size is >= 0 and <= MaxPageSize, "page_size", $"must be 1 to {MaxPageSize}, or 0 for {DefaultPageSize}.");

    private async Task<MeshJob> ReadJobAsync(string id, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("job_id", id);
        violations.ThrowIfAny();
        return await own.JobAsync(context.GetHttpContext().Caller(), id, context.CancellationToken) ?? throw RpcErrors.NotFound("job", id);
    }
}
