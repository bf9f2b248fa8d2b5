using System.Collections.Concurrent;
using System.Text.Json;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Training jobs, their index, and a scheduler that says what a test tells it.</summary>
[GrainType("fake-api-jobs")] // a silo in the same process registers every grain class by its name
internal sealed class FakeJobs : IJobIndexGrain, IJobSchedulerGrain
{
    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FakeNodeJobs> _nodes = new(StringComparer.Ordinal);

    public JobPreview Preview { get; set; } = new("waits", "No room.", null, []);

    public ConcurrentDictionary<string, JobExplanation> Explanations { get; } = new(StringComparer.Ordinal);

    public CapacityView Current { get; set; } = new();

    public JobQuery? LastQuery { get; private set; }

    /// <summary>Jobs that were submitted, newest first.</summary>
    public IEnumerable<MeshJob> All => _jobs.Values.Select(j => j.Current).OfType<MeshJob>().OrderByDescending(j => j.Id, StringComparer.Ordinal);

    public FakeJob Job(string id) => _jobs.GetOrAdd(id, key => new FakeJob(key));

    /// <summary>Forgets a job.</summary>
    public void Drop(string id) => _jobs.TryRemove(id, out _);

    public FakeNodeJobs Node(string id) => _nodes.GetOrAdd(id, _ => new FakeNodeJobs());

    public FakeJob Put(string id, Func<JobSpec, JobSpec>? change = null)
    {
        var job = Job(id);
        var spec = new JobSpec { Name = "sft", Command = ["train"], MaxWorkers = 8 };
        job.Submit(change is null ? spec : change(spec), "test");
        return job;
    }

    public Task<JobPage> List(JobQuery query)
    {
        LastQuery = query;
        MeshJob[] all = [.. All];
        MeshJob[] matches = [.. all.Where(j => (query.States.Count == 0 || query.States.Contains(j.State)) && (query.Tenant.Length == 0 || j.Spec.Tenant == query.Tenant))];
        MeshJob[] rest = [.. matches.Where(j => query.After.Length == 0 || string.CompareOrdinal(j.Id, query.After) < 0)];
        return Task.FromResult(new JobPage(
            [.. rest.Take(query.Limit).Select(j => j with { Spec = j.Spec with { Command = [], Environment = new Dictionary<string, string>() } })],
            rest.Length > query.Limit, matches.Length, (query.CountsOwnOnly ? matches : all).CountBy(j => j.State).ToDictionary()));
    }

    public Task<JobPreview> DryRun(JobSpec spec) => Task.FromResult(Preview);

    public Task<JobExplanation?> Explain(string job) => Task.FromResult(Explanations.GetValueOrDefault(job));

    public Task<CapacityView> Capacity() => Task.FromResult(Current);

    public Task Enter(MeshJob job) => throw new NotSupportedException();

    public Task Changed(MeshJob job) => throw new NotSupportedException();

    public Task Forget(string job) => throw new NotSupportedException();

    public Task<JobChanges> ChangedSince(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();

    public Task Announce(LauncherStatus launcher) => throw new NotSupportedException();

    public Task Wake() => throw new NotSupportedException();
}

[GrainType("fake-api-job")]
internal sealed class FakeJob(string id) : IJobGrain
{
    private readonly Lock _gate = new();
    private readonly List<JobEvent> _events = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MeshJob? Current { get; private set; }

    public ConcurrentQueue<JobReport> Reports { get; } = [];

    public string LastActor { get; private set; } = "";

    /// <summary>Events up to this one are no longer kept.</summary>
    public long Forgotten { get; set; }

    public Task<JobResult> Submit(JobSpec spec, string actor)
    {
        LastActor = actor;
        if (Errors(spec) is { Length: > 0 } errors) return Result(JobResultStatus.Invalid, errors);
        if (Current is { } job) return Content(job.Spec) == Content(spec) ? Result(JobResultStatus.Accepted) : Result(JobResultStatus.Conflict, new FieldError("", "It has other content."));
        Current = new() { Id = id, Spec = spec, SubmittedBy = actor, DesiredWorkers = spec.Workers };
        Move(JobState.Queued, "submitted", actor: actor);
        return Task.FromResult(new JobResult(JobResultStatus.Accepted, Current, [], Created: true));
    }

    public Task<IReadOnlyList<FieldError>> Check(JobSpec spec) => Task.FromResult<IReadOnlyList<FieldError>>(Errors(spec));

    public Task<MeshJob?> Get() => Task.FromResult(Current);

    public async Task<MeshJob?> WaitForChange(long version, TimeSpan wait)
    {
        Task changed;
        lock (_gate) changed = Current?.Version == version ? _changed.Task : Task.CompletedTask;
        await Task.WhenAny(changed, Task.Delay(wait));
        return changed.IsCompleted ? Current : null;
    }

    public Task<IReadOnlyList<JobEvent>> Log(long after, int max)
    {
        lock (_gate) return Task.FromResult<IReadOnlyList<JobEvent>>([.. _events.Where(e => e.Sequence > Math.Max(after, Forgotten)).Take(max)]);
    }

    public Task<JobResult> Pause(string reason, string actor) => Change(actor, job => !job.State.IsTerminal(), "It has ended.", JobState.Paused, "paused", reason);

    public Task<JobResult> Resume(string actor) => Change(actor, job => job.State == JobState.Paused, "It is not paused.", JobState.Queued, "resumed", "");

    public Task<JobResult> Scale(int workers, string actor)
    {
        if (Current is not { } job) return Result(JobResultStatus.NotFound);
        if (workers < job.Spec.LeastWorkers || workers > job.Spec.MostWorkers) return Result(JobResultStatus.Invalid, new FieldError("workers", "is out of range."));
        Current = job with { DesiredWorkers = workers };
        return Change(actor, _ => true, "", job.State, "scaled", "");
    }

    public Task<JobResult> Checkpoint(string actor) => Change(actor, job => job.State == JobState.Running, "It does not run.", JobState.Checkpointing, "checkpoint_asked", "");

    public Task<JobResult> Cancel(string reason, string actor) =>
        Current is { } job && job.State.IsTerminal() ? Result(JobResultStatus.Accepted) : Change(actor, _ => true, "", JobState.Cancelled, "cancelled", reason);

    public Task Report(JobReport report)
    {
        Reports.Enqueue(report);
        return Task.CompletedTask;
    }

    public Task<JobResult> Place(long expectedFence, JobPlacement placement, string reason) => throw new NotSupportedException();

    public Task<JobResult> Vacate(long expectedFence, JobGoal goal, TimeSpan? grace, string reason) => throw new NotSupportedException();

    public Task<JobResult> Hint(long expectedFence, JobHint hint, string reason) => throw new NotSupportedException();

    public Task NodeLost(long fence, string node, string reason) => throw new NotSupportedException();

    public Task<bool> Forget() => throw new NotSupportedException();

    public Task<bool> Holds(string claim) => throw new NotSupportedException();

    public Task<JobAssignment?> AssignmentOf(string node) => throw new NotSupportedException();

    /// <summary>Something happens to the job.</summary>
    public void Move(JobState state, string kind, string reason = "", string actor = "", Func<MeshJob, MeshJob>? change = null, params (string Key, string Value)[] data)
    {
        lock (_gate)
        {
            var job = change is null ? Current! : change(Current!);
            Current = job with { State = state, Reason = reason, Version = job.Version + 1 };
            _events.Add(new() { Sequence = Current.Version, State = state, Kind = kind, Reason = reason, Actor = actor, Data = data.ToDictionary(d => d.Key, d => d.Value) });
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private Task<JobResult> Change(string actor, Func<MeshJob, bool> may, string refusal, JobState state, string kind, string reason)
    {
        LastActor = actor;
        if (Current is not { } job) return Result(JobResultStatus.NotFound);
        if (!may(job)) return Result(JobResultStatus.Conflict, new FieldError("", refusal));
        Move(state, kind, reason, actor);
        return Result(JobResultStatus.Accepted);
    }

    private Task<JobResult> Result(JobResultStatus status, params FieldError[] errors) => Task.FromResult(new JobResult(status, Current, errors));

    private static FieldError[] Errors(JobSpec spec)
    {
        var errors = new List<FieldError>();
        if (spec.Name.Length == 0 || spec.Name.Contains(' ', StringComparison.Ordinal)) errors.Add(new("name", "is no name."));
        if (spec.Command.Count == 0) errors.Add(new("command", "is required."));
        if (spec.Workers is < 1 or > 4096) errors.Add(new("workers", "is out of range 1..4096."));
        if (spec.GpusPerWorker is < 1 or > 64) errors.Add(new("gpusPerWorker", "is out of range 1..64."));
        return [.. errors];
    }

    private static string Content(JobSpec spec) => JsonSerializer.Serialize(spec);
}

/// <summary>What a node has to do for jobs: a test says what.</summary>
[GrainType("fake-api-node-jobs")]
internal sealed class FakeNodeJobs : INodeJobsGrain
{
    public NodeJobs? Jobs { get; set; }

    public ConcurrentQueue<(long Version, JobLauncher Launcher, TimeSpan Wait)> Watches { get; } = [];

    public Task<NodeJobs?> Watch(long version, JobLauncher launcher, TimeSpan wait)
    {
        Watches.Enqueue((version, launcher, wait));
        return Task.FromResult(Jobs?.Version == version ? null : Jobs);
    }

    public Task Assign(JobAssignment assignment) => throw new NotSupportedException();

    public Task Withdraw(string job, long fence) => throw new NotSupportedException();

    public Task<LauncherStatus?> Launcher() => throw new NotSupportedException();
}
