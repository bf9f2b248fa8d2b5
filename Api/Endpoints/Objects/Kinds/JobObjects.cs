using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Training jobs: submitted once, never changed. A name that is no id is the tenant's token for the job.</summary>
internal sealed class JobObjects(GrainCalls calls) : ObjectKind<JobBody, JobSpec>(calls, "Job", BackedUpTypes.Job)
{
    public override bool IsWork => true;

    protected override FieldError NameError => new("metadata.name", JobIds.KeyForm);

    public override bool IsPlace(string place) => JobPlace.IsOne(place);

    public override bool IsName(string name) => JobIds.IsKey(name);

    public override async Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken)
    {
        var page = await Calls.RetryAsync(g => g.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).List(new JobQuery { Limit = limit }.From(after)), cancellationToken);
        return new([.. page.Jobs.Select(j => j.Id)], page.More) { End = page.Jobs is [.., var last] ? JobPlace.Of(last) : "" };
    }

    protected override string KeyOf(string name, JobSpec spec) => JobIds.IsId(name) ? name : JobIds.Of(spec.Tenant, name);

    protected override JobSpec Read(string name, JobBody body, BodyReader reader) => body.Read(reader);

    protected override object Shown(JobSpec spec) => JobSpecView.Of(spec);

    protected override IReadOnlyList<FieldError> Forbidden(JobSpec current, JobSpec spec) =>
        AreSame(current, spec) ? [] : [new("", "is not what the job was submitted with, and a job cannot be changed: give it another name, which submits another job.")];

    protected override async Task<Held<JobSpec>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<IJobGrain>(key).Get(), cancellationToken) is { } job ? new(job.Version, job.Spec) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, JobSpec spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<IJobGrain>(key).Check(spec), cancellationToken);

    // May be repeated: the id and the content are the same.
    protected override async Task<Written> WriteAsync(string key, JobSpec spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.RetryAsync(g => g.GetGrain<IJobGrain>(key).Submit(spec, actor), cancellationToken);
        return result.Status == JobResultStatus.Accepted ? new(result.Job?.Version ?? 0, null) : Refusals.Stale(result.Job?.Version ?? 0, expected, result.Errors);
    }
}
