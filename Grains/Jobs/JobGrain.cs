using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Common;
using InferMesh.Grains.Events;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace InferMesh.Grains.Jobs;

/// <inheritdoc cref="IJobGrain"/>
/// <remarks>
/// The log says what should be; <see cref="JobPursuit"/> brings ledgers and agents to it, again and again, so that a silo may die between any two steps. GPUs are given back by saying that
/// they are no longer its own (<see cref="Holds"/>): the ledgers ask.
/// </remarks>
[GrainType(BackedUpTypes.Job)]
internal sealed partial class JobGrain(
    [PersistentState("job")] IPersistentState<JobLogState> state, TimeProvider time, IOptionsMonitor<JobSettings> settings, ILogger<JobGrain> logger)
    : Grain, IJobGrain, IEventSource, IBackedUpGrain
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckpointEventPeriod = TimeSpan.FromSeconds(5);

    // Calls come one after another, but what is pursued runs between them: whoever decides and writes holds this.
    private readonly GrainTurn _turn = new();
    private readonly ChangeSignal _changed = new(time);
    private MeshJob? _job;
    private EventOutbox _outbox = null!;
    private JobPursuit? _pursuit;
    private IGrainTimer? _timer;
    private bool _indexMissed;

    private string Id => this.GetPrimaryKeyString();

    private DateTimeOffset Now => time.GetUtcNow();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _job = JobFold.Fold(Id, state.State);
        _outbox = new(this, GrainFactory, () => state.State, time, logger);
        _outbox.Begin();
        if (_job is null) return Task.CompletedTask;
        // The index may have missed what was the last thing before a silo died.
        Tell(_job);
        Follow();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _outbox.Stop();
        _changed.Pulse();
        return Task.CompletedTask;
    }

    public async Task Flush()
    {
        await _turn.EnterAsync();
        try
        {
            if (_outbox.IsUnsure) await ReadAgainAsync();
            await _outbox.SettleAsync(state.WriteStateAsync);
        }
        finally
        {
            _turn.Leave();
        }
    }

    public async Task<JobResult> Submit(JobSpec spec, string actor)
    {
        // One that is there was right when it came, whatever has become of its plugin.
        if (_job is null && await CheckAsync(spec) is { Count: > 0 } errors)
        {
            LeaveIfUnknown();
            return new(JobResultStatus.Invalid, _job, errors);
        }
        if (_job is { } known)
            return JobValidator.AreSame(known.Spec, spec) ? new(JobResultStatus.Accepted, known, []) : new(JobResultStatus.Conflict, known, [new("", $"Job {Id} exists with another content.")]);
        var submitted = JobLife.Submitted(spec, actor, Now);
        // Entered first: a job that is stored is always found.
        await GrainFactory.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).Enter(JobCatalog.Listed(JobFold.Apply(Id, null, submitted)) with { Version = 0 });
        await TakeTurnAsync(_ => new(_job is null ? submitted : null, ""));
        return new(JobResultStatus.Accepted, _job, [], true);
    }

    public Task<IReadOnlyList<FieldError>> Check(JobSpec spec)
    {
        LeaveIfUnknown();
        return CheckAsync(spec);
    }

    private async Task<IReadOnlyList<FieldError>> CheckAsync(JobSpec spec) =>
        JobValidator.Check(spec, PluginReference.OfJob(spec.Strategy) is { } named ? await GrainFactory.GetGrain<IPluginGrain>(named.Name).Get() : null);

    public Task<MeshJob?> Get()
    {
        LeaveIfUnknown();
        return Task.FromResult(_job);
    }

    public async Task<MeshJob?> WaitForChange(long version, TimeSpan wait)
    {
        LeaveIfUnknown();
        if (_job is not null && _job.Version == version) await _changed.WaitAsync(wait);
        return _job is null || _job.Version == version ? null : _job;
    }

    public Task<IReadOnlyList<JobEvent>> Log(long after, int max)
    {
        LeaveIfUnknown();
        return Task.FromResult<IReadOnlyList<JobEvent>>([.. state.State.Events.Where(e => e.Event.Sequence > after && e.Event.Sequence <= (_job?.Version ?? 0)).Take(Math.Clamp(max, 1, JobFold.Kept)).Select(e => e.Event)]);
    }

    public Task<JobResult> Pause(string reason, string actor) => CallAsync(life => life.Pause(reason, actor));

    public Task<JobResult> Resume(string actor) => CallAsync(life => life.Resume(actor));

    public Task<JobResult> Scale(int workers, string actor)
    {
        if (_job is not { } job) return CallAsync(static _ => JobTurn.Nothing);
        return workers < job.Spec.LeastWorkers || workers > job.Spec.MostWorkers
            ? Task.FromResult(new JobResult(JobResultStatus.Invalid, job, [new("workers", $"{workers} is out of range {job.Spec.LeastWorkers}..{job.Spec.MostWorkers}, which the job's minWorkers and maxWorkers set.")]))
            : CallAsync(life => life.Scale(workers, actor));
    }

    public Task<JobResult> Checkpoint(string actor) => CallAsync(life => life.Checkpoint(actor));

    public Task<JobResult> Cancel(string reason, string actor) => CallAsync(life => life.Cancel(reason, actor));

    public Task<JobResult> Place(long expectedFence, JobPlacement placement, string reason) => CallAsync(life => life.Place(expectedFence, placement, reason));

    public Task<JobResult> Vacate(long expectedFence, JobGoal goal, TimeSpan? grace, string reason) => CallAsync(life => life.Vacate(expectedFence, goal, grace, reason));

    public Task<JobResult> Hint(long expectedFence, JobHint hint, string reason) => CallAsync(life => life.Hint(expectedFence, hint, reason));

    public Task NodeLost(long fence, string node, string reason) => TakeTurnAsync(life => life.NodeLost(fence, node, reason));

    public async Task Report(JobReport report)
    {
        if (_job is not { } job || !HasBeenOn(job, report.Node)) return;
        // A checkpoint is worth the same wherever it was written; the rest is news of a place that was left.
        if (report.Kind == JobReportKind.Checkpoint && report.Fence <= job.Fence)
        {
            await SavedAsync(job, report);
            return;
        }
        if (report.Fence != job.Fence || job.Placement is null) return;
        switch (report.Kind)
        {
            case JobReportKind.Step:
                // Nothing follows from a step.
                _job = job with { Progress = job.Progress with { Step = Math.Max(job.Progress.Step, report.Step), StepSeconds = Smoothed(job.Progress.StepSeconds, report.StepSeconds) } };
                return;
            case JobReportKind.Failed:
                await TakeTurnAsync(life => life.RankFailed(report, settings.CurrentValue.AvoidFor));
                break;
            case JobReportKind.Finished:
                await TakeTurnAsync(life => life.NodeFinished(report.Fence, report.Node));
                _pursuit?.Ended(report.Node);
                break;
            case JobReportKind.Started:
                _pursuit?.Started(report.Node);
                break;
            case JobReportKind.Stopped:
                _pursuit?.Ended(report.Node);
                break;
        }
        Follow();
    }

    // An agent speaks of what the job has, or had, on its own node. Where it was before, its log knows for as long as it is kept.
    private bool HasBeenOn(MeshJob job, string node) =>
        Has(job.Placement, node) || Has(job.Stop?.Next, node) || state.State.Events.Any(e => Has(e.Delta.Placement, node)) || (state.State.Base is { } old && Has(old.Placement, node));

    private static bool Has(JobPlacement? placement, string node) => placement?.Groups.Any(g => g.Node == node) == true;

    public async Task<bool> Forget()
    {
        if (_job is { } job && !job.State.IsTerminal()) return false;
        if (_outbox.IsUnsure || _outbox.HasPending) return false;
        await state.ClearStateAsync();
        await _outbox.SettleAsync(static () => Task.CompletedTask);
        _job = null;
        DeactivateOnIdle();
        return true;
    }

    public Task<bool> Holds(string claim)
    {
        LeaveIfUnknown();
        return Task.FromResult(_job is { } job && (job.Placement?.Claim == claim || job.Stop?.Next?.Claim == claim));
    }

    public Task<JobAssignment?> AssignmentOf(string node) => Task.FromResult(_pursuit?.AssignmentOf(node));

    /// <summary>What follows from the job as it is now; called by the pursuit too.</summary>
    internal async Task<string> TakeTurnAsync(Func<JobLife, JobTurn> decide)
    {
        await _turn.EnterAsync();
        try
        {
            var metered = state.State.Events is [.., var last] ? last.Event.At : Now;
            var turn = decide(_job is null ? null! : new JobLife(_job, Now, metered));
            if (turn.Event is { } happened) await WriteAsync(happened);
            return turn.Refusal;
        }
        finally
        {
            _turn.Leave();
        }
    }

    private async Task<JobResult> CallAsync(Func<JobLife, JobTurn> decide)
    {
        if (_job is null)
        {
            LeaveIfUnknown();
            return new(JobResultStatus.NotFound, null, [new("", $"There is no job {Id}.")]);
        }
        var refusal = await TakeTurnAsync(decide);
        if (refusal.Length == 0) return new(JobResultStatus.Accepted, _job, []);
        // Whoever asked knows an older state, which may be all that the index has.
        Tell(_job);
        return new(JobResultStatus.Conflict, _job, [new("", $"Job {Id}: {refusal}")]);
    }

    /// <summary>Ids can be made up by anybody: one under which nothing is stored costs no memory once it is answered.</summary>
    private void LeaveIfUnknown()
    {
        if (_job is null && state.State.Events.Count == 0) DeactivateOnIdle();
    }

    private async Task WriteAsync(StoredJobEvent happened)
    {
        await _outbox.OpenAsync();
        var (log, before) = (state.State, _job);
        var job = JobFold.Apply(Id, before, happened);
        state.State = new() { Base = log.Base, Events = [.. log.Events], Outbox = log.Outbox };
        JobFold.Add(Id, state.State, happened);
        foreach (var news in JobNews.Of(before, job, happened)) _outbox.Put(news);
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e)
        {
            state.State = log;
            _outbox.Failed();
            // Another activation has written, or the first write may have been done after all: this one knows nothing any more.
            if (e is InconsistentStateException || before is null) DeactivateOnIdle();
            throw;
        }
        _outbox.Stored();
        // Steps are not stored, and must not go back.
        _job = before is null ? job : job with { Progress = job.Progress with { Step = Math.Max(job.Progress.Step, before.Progress.Step), StepSeconds = job.Progress.StepSeconds ?? before.Progress.StepSeconds } };
        JobMetrics.Happened(happened.Event.Kind);
        Happened(Id, happened.Event.Kind, happened.Event.State, happened.Event.Reason);
        _changed.Pulse();
        Tell(_job);
        Follow();
    }

    /// <summary>After a write that failed and may have been done all the same.</summary>
    private async Task ReadAgainAsync()
    {
        await state.ReadStateAsync();
        _job = JobFold.Fold(Id, state.State);
        _outbox.Begin();
        if (_job is null) return;
        Tell(_job);
        Follow();
    }

    private async Task SavedAsync(MeshJob job, JobReport report)
    {
        // An older one that comes late is worth less than what is known.
        if (job.State.IsTerminal() || report.Step < job.Progress.CheckpointStep || (report.Step == job.Progress.CheckpointStep && report.CheckpointRef == job.Progress.CheckpointRef)) return;
        // One that writes them all the time fills no log with them.
        var asked = job.State == JobState.Checkpointing || job.Progress.CheckpointAt is not { } last || Now - last >= CheckpointEventPeriod;
        if (asked) await TakeTurnAsync(life => life.Saved(report.Step, report.CheckpointRef));
        else _job = job with { Progress = job.Progress with { CheckpointStep = report.Step, CheckpointRef = report.CheckpointRef, Step = Math.Max(job.Progress.Step, report.Step) } };
    }

    /// <summary>Sees to it that what the log says comes to be, for as long as it has a place.</summary>
    private void Follow()
    {
        if (_job is not { } job) return;
        if (!job.State.IsPlaced())
        {
            _timer?.Dispose();
            (_timer, var ended) = (null, _pursuit);
            _pursuit = null;
            if (ended is not null) _ = ended.LeaveAsync();
            return;
        }
        _pursuit ??= new(this, GrainFactory, time, settings, logger);
        _timer ??= this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(TickPeriod, TickPeriod) { Interleave = true, KeepAlive = true });
        _pursuit.Wake();
    }

    internal MeshJob? Current => _job;

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        if (_indexMissed && _job is { } job) Tell(job);
        try
        {
            if (_pursuit is { } pursuit) await pursuit.TickAsync();
        }
        catch (Exception e)
        {
            NotPursued(Id, e.Message);
        }
    }

    private void Tell(MeshJob job) => _ = TellAsync(job);

    private async Task TellAsync(MeshJob job)
    {
        try
        {
            await GrainFactory.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).Changed(JobCatalog.Listed(job));
            _indexMissed = false;
        }
        catch (Exception e)
        {
            _indexMissed = true;
            IndexMissed(Id, e.Message);
        }
    }

    private static double? Smoothed(double? before, double? now) => now is not { } value ? before : before is not { } mean ? value : mean + (0.2 * (value - mean));

    [LoggerMessage(LogLevel.Information, "Job {Job}: {Kind}, now {State}: {Reason}")]
    private partial void Happened(string job, string kind, JobState state, string reason);

    [LoggerMessage(LogLevel.Warning, "Job {Job} is not brought further now, and is tried again: {Reason}")]
    private partial void NotPursued(string job, string reason);

    [LoggerMessage(LogLevel.Debug, "Job {Job}: the index has not heard of its change yet: {Reason}")]
    private partial void IndexMissed(string job, string reason);
}
