using System.Text.RegularExpressions;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Api.Endpoints.Tenants;
using InferMesh.Api.Http;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Calls;

/// <summary>
/// Reads what belongs to tenants, for all planes: the one place that says what a caller sees of it. What is another's answers as what does not exist, after the same calls.
/// </summary>
internal sealed partial class OwnReader(GrainCalls calls)
{
    /// <summary>A job; null when there is none, it is another's, or the id has no form of one.</summary>
    public async Task<MeshJob?> JobAsync(Caller caller, string id, CancellationToken cancellationToken) => Own(caller, await calls.JobAsync(id, cancellationToken));

    /// <summary>Whether a caller may do anything to a job; true without a look for those who may do it to all.</summary>
    public async ValueTask<bool> MayChangeAsync(Caller caller, string id, CancellationToken cancellationToken) => caller.Scope.IsMesh || await JobAsync(caller, id, cancellationToken) is not null;

    /// <summary>The job as soon as its version differs from the caller's.</summary>
    public async Task<MeshJob?> NewerAsync(Caller caller, string id, long version, TimeSpan wait, CancellationToken cancellationToken) =>
        Own(caller, await calls.RetryAsync(g => g.GetGrain<IJobGrain>(id).WaitForChange(version, wait), cancellationToken));

    public async Task<JobPage> JobsAsync(Caller caller, JobQuery query, CancellationToken cancellationToken)
    {
        var scope = caller.Scope;
        if (!scope.IsMesh)
        {
            // Who asks for another's gets the page of somebody who has nothing.
            var isOwn = Ownership.Of(caller, query.Tenant, query.Project).Refusal is null;
            query = query with { Tenant = scope.Tenant, Project = scope.Project.Length > 0 ? scope.Project : query.Project, CountsOwnOnly = true };
            if (!isOwn) return new([], false, 0, (await calls.RetryAsync(g => Index(g).List(query with { Limit = 1 }), cancellationToken)).ByState);
        }
        var page = await calls.RetryAsync(g => Index(g).List(query), cancellationToken);
        return page with { Jobs = [.. page.Jobs.Select(job => Own(caller, job)).OfType<MeshJob>()] };
    }

    /// <summary>Events of a job that the caller sees.</summary>
    public async Task<(IReadOnlyList<JobEvent> Events, bool Truncated)> JobEventsAsync(Caller caller, string id, long after, int max, CancellationToken cancellationToken)
    {
        var (events, truncated) = await calls.JobEventsAsync(id, after, max, cancellationToken);
        return caller.Scope.IsMesh ? (events, truncated)
            : ([.. events.Select(e => e with { Reason = Hide(e.Reason, id), Data = e.Data.ToDictionary(d => d.Key, d => Hide(d.Value, id)) })], truncated);
    }

    /// <summary>Why a job that the caller sees is where it is; null when the scheduler has nothing to do with it.</summary>
    public async Task<JobExplanation?> ExplainAsync(Caller caller, string id, CancellationToken cancellationToken)
    {
        var explanation = await calls.RetryAsync(g => Scheduler(g).Explain(id), cancellationToken);
        return explanation is null || caller.Scope.IsMesh ? explanation : explanation with { Reason = Hide(explanation.Reason, id) };
    }

    public async Task<JobPreview> PreviewAsync(Caller caller, JobSpec spec, CancellationToken cancellationToken)
    {
        var preview = await calls.RetryAsync(g => Scheduler(g).DryRun(spec), cancellationToken);
        return caller.Scope.IsMesh ? preview : preview with { Reason = Hide(preview.Reason, ""), Preempts = [.. preview.Preempts.Select(_ => Another)] };
    }

    /// <summary>GPUs that there are; of those who have them, only the caller's own are named.</summary>
    public async Task<CapacityView> CapacityAsync(Caller caller, CancellationToken cancellationToken)
    {
        var capacity = await calls.RetryAsync(g => Scheduler(g).Capacity(), cancellationToken);
        if (caller.Scope.IsMesh) return capacity;
        TenantCapacity[] own = [.. capacity.Tenants.Where(t => t.Tenant == caller.Scope.Tenant)];
        // Ids of jobs say nothing of their tenants, and to ask each of them would be a call per job: who has GPUs is in the list of jobs.
        return capacity with { Nodes = [.. capacity.Nodes.Select(n => n with { Jobs = [] })], Tenants = own, Waiting = own.Sum(t => t.Waiting), ReservedFor = "" };
    }

    /// <summary>Tenants with limits that the caller sees.</summary>
    public async Task<IReadOnlyList<Tenant>> TenantsAsync(Caller caller, CancellationToken cancellationToken) =>
        caller.Scope.IsMesh ? await calls.TenantsAsync(cancellationToken)
        : await TenantAsync(caller, caller.Scope.Tenant, cancellationToken) is { } own ? [own] : [];

    /// <summary>A tenant; null when it has no limits, is not the caller's, or the name has no form of one.</summary>
    public async Task<Tenant?> TenantAsync(Caller caller, string name, CancellationToken cancellationToken) =>
        Names.IsValid(name) && await calls.RetryAsync(g => g.GetGrain<ITenantGrain>(name).Get(), cancellationToken) is { } tenant && caller.Scope.Contains(name, "") ? tenant : null;

    /// <inheritdoc cref="TenantAsync"/>
    public async Task<TenantUsage?> UsageAsync(Caller caller, string name, CancellationToken cancellationToken) =>
        Names.IsValid(name) && await calls.RetryAsync(g => g.GetGrain<ITenantGrain>(name).Usage(), cancellationToken) is { } usage && caller.Scope.Contains(name, "") ? usage : null;

    /// <summary>Events that the caller sees among those after a cursor; the cursor goes on over those that it does not.</summary>
    public async Task<EventPage> EventsAsync(Caller caller, long cursor, int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        var page = await calls.RetryAsync(g => g.GetGrain<IEventLogGrain>(IEventLogGrain.Key).ReadAfter(cursor, max, wait), cancellationToken);
        return caller.Scope.IsMesh ? page : page with
        {
            Events = [.. page.Events.Where(e => e.Tenant == caller.Scope.Tenant)
                .Select(e => e with { Reason = Hide(e.Reason, e.Subject), Data = e.Data.ToDictionary(d => d.Key, d => Hide(d.Value, e.Subject)) })],
        };
    }

    /// <summary>What a caller hears of its command on a job, or of the job that it submits.</summary>
    public static JobResult Shown(Caller caller, JobResult result, string id)
    {
        if (caller.Scope.IsMesh) return result;
        var own = Own(caller, result.Job);
        return own is null && result.Job is not null
            ? new(JobResultStatus.Conflict, null, [new("", "it is taken.")])
            : result with { Job = own, Errors = [.. result.Errors.Select(e => e with { Message = Hide(e.Message, id) })] };
    }

    private const string Another = "another job";

    /// <summary>What stands for a value that a caller may not see.</summary>
    public const string Hidden = "***";

    // Environments hold secrets: who may not submit jobs sees their names only.
    private static MeshJob? Own(Caller caller, MeshJob? job) => Scoped(caller, job) is not { Spec.Environment.Count: > 0 } own || caller.Has(Permission.JobsWrite) ? Scoped(caller, job)
        : own with { Spec = own.Spec with { Environment = own.Spec.Environment.ToDictionary(static e => e.Key, static _ => Hidden) } };

    private static MeshJob? Scoped(Caller caller, MeshJob? job) => job is null || caller.Scope.IsMesh ? job
        : !caller.Scope.Contains(job.Spec.Tenant, job.Spec.Project) ? null
        : job with { Reason = Hide(job.Reason, job.Id), Stop = job.Stop is { } stop ? stop with { Reason = Hide(stop.Reason, job.Id) } : null, Placement = job.Placement is { } place ? place with { Why = Hide(place.Why, job.Id) } : null };

    // Reasons name the jobs for which others make room.
    private static string Hide(string text, string own) => JobId().Replace(text, id => id.Value == own ? own : Another);

    private static IJobIndexGrain Index(IGrainFactory grains) => grains.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key);

    private static IJobSchedulerGrain Scheduler(IGrainFactory grains) => grains.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key);

    [GeneratedRegex(@"\bj-[0-9a-v]{26}\b", RegexOptions.CultureInvariant)]
    private static partial Regex JobId();
}
