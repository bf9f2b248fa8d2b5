using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

internal sealed partial class JobPlaneService
{
    private const string SpecPrefix = "spec.";

    [Needs(Permission.JobsWrite)]
    public override async Task<SubmitJobResponse> SubmitJob(SubmitJobRequest request, ServerCallContext context)
    {
        var token = request.ClientToken;
        var violations = new Violations();
        violations.Require(request.Spec is not null, "spec", "is required.");
        violations.Require(token.Length == 0 || JobIds.IsKey(token), "client_token", JobIds.KeyForm);
        violations.Require(request.Spec?.RequiredDomain is null || Enum.IsDefined(request.Spec.RequiredDomain), "spec.required_domain", "must be a level of this version.");
        violations.Require(request.Spec?.PreferredDomain is null || Enum.IsDefined(request.Spec.PreferredDomain), "spec.preferred_domain", "must be a level of this version.");
        violations.Require(request.Spec?.Deadline is null || JobSpecMapper.IsTime(request.Spec.Deadline), "spec.deadline", "must be a time.");
        var spec = JobSpecMapper.ToDomain(request.Spec ?? new());
        var caller = context.GetHttpContext().Caller();
        var owner = Ownership.Of(caller, request.Spec?.Tenant ?? "", request.Spec?.Project ?? "");
        if (owner.Refusal is { } foreign) throw RpcErrors.Refused(StatusCodes.Status403Forbidden, foreign);
        if (owner.Tenant.Length > 0) spec = spec with { Tenant = owner.Tenant, Project = owner.Project };
        var id = token.Length == 0 ? JobIds.New(time.GetUtcNow()) : JobIds.Of(spec.Tenant, token);
        if (request.DryRun || violations.Any)
        {
            // What is wrong with the message is told together with what the grain finds in the spec.
            if (request.Spec is not null) violations.Add(await calls.RetryAsync(grains => grains.GetGrain<IJobGrain>(id).Check(spec), context.CancellationToken), SpecPrefix);
            violations.ThrowIfAny();
            return new() { Preview = JobMapper.ToProto(await own.PreviewAsync(caller, spec, context.CancellationToken)) };
        }

        var actor = context.Actor();
        // May be repeated: the id and the content are the same.
        var result = OwnReader.Shown(caller, await calls.RetryAsync(grains => grains.GetGrain<IJobGrain>(id).Submit(spec, actor), context.CancellationToken), id);
        if (result is { Status: JobResultStatus.Accepted, Job: { } job }) return new() { Job = JobMapper.ToProto(job), Created = token.Length == 0 || result.Created };
        if (result.Status == JobResultStatus.Conflict)
        {
            violations.Add("client_token", $"was used for job {id} with other content: {result.Reason()}");
            throw violations.Taken();
        }
        throw Refused(id, result, SpecPrefix);
    }

    [Needs(Permission.JobsWrite)]
    public override Task<Job> PauseJob(PauseJobRequest request, ServerCallContext context) =>
        CommandAsync(request.JobId, request.Reason, (job, actor) => job.Pause(request.Reason, actor), context);

    [Needs(Permission.JobsWrite)]
    public override Task<Job> ResumeJob(ResumeJobRequest request, ServerCallContext context) =>
        CommandAsync(request.JobId, "", static (job, actor) => job.Resume(actor), context);

    [Needs(Permission.JobsWrite)]
    public override Task<Job> ScaleJob(ScaleJobRequest request, ServerCallContext context) =>
        CommandAsync(request.JobId, "", (job, actor) => job.Scale(request.Workers, actor), context);

    [Needs(Permission.JobsWrite)]
    public override Task<Job> CheckpointJob(CheckpointJobRequest request, ServerCallContext context) =>
        CommandAsync(request.JobId, "", static (job, actor) => job.Checkpoint(actor), context);

    [Needs(Permission.JobsWrite)]
    public override Task<Job> CancelJob(CancelJobRequest request, ServerCallContext context) =>
        CommandAsync(request.JobId, request.Reason, (job, actor) => job.Cancel(request.Reason, actor), context);

    /// <summary>A command that may be repeated: the second one finds done, or under way, what the first one did.</summary>
    private async Task<Job> CommandAsync(string id, string reason, Func<IJobGrain, string, Task<JobResult>> command, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("job_id", id);
        violations.OptionalText("reason", reason);
        violations.Require(!reason.Any(char.IsControl), "reason", "must not contain control characters.");
        violations.ThrowIfAny();
        var caller = context.GetHttpContext().Caller();
        if (!await own.MayChangeAsync(caller, id, context.CancellationToken)) throw RpcErrors.NotFound("job", id);
        var actor = context.Actor();
        var result = OwnReader.Shown(caller, await calls.RetryAsync(grains => command(grains.GetGrain<IJobGrain>(id), actor), context.CancellationToken), id);
        return result is { Status: JobResultStatus.Accepted, Job: { } job } ? JobMapper.ToProto(job) : throw Refused(id, result, "");
    }

    private static RpcException Refused(string id, JobResult result, string prefix)
    {
        if (result.Status == JobResultStatus.Conflict)
            return RpcErrors.Precondition(new PreconditionFailure.Types.Violation { Type = "JOB_STATE", Subject = id, Description = result.Reason() });
        var violations = new Violations();
        violations.Add(result.Errors, prefix);
        return violations.Any ? violations.Invalid() : RpcErrors.NotFound("job", id);
    }
}
