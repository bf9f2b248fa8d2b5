using System.Globalization;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Grains.Jobs;

/// <summary>What comes of a call: an event, or why there is none.</summary>
/// <param name="Event">The event; null when nothing changes.</param>
/// <param name="Refusal">Why the state of the job forbids it; "" when it does not.</param>
internal readonly record struct JobTurn(StoredJobEvent? Event, string Refusal)
{
    public static readonly JobTurn Nothing = new(null, "");

    public static JobTurn Refuse(string why) => new(null, why);
}

/// <summary>
/// The life of a job: which event follows from what, in which state. Pure. A job that has a place goes nowhere before its ranks have ended: whoever wants it elsewhere sets its stop, and what
/// follows is its goal.
/// </summary>
internal sealed class JobLife(MeshJob job, DateTimeOffset now, DateTimeOffset meteredAt)
{
    /// <summary>Ranks that failed have nothing left to save: so long do the others get to end.</summary>
    private static readonly TimeSpan ShortGrace = TimeSpan.FromSeconds(5);

    private TimeSpan Grace => TimeSpan.FromSeconds(job.Spec.GraceSeconds);

    private bool SavesItself => job.Spec.CheckpointTo.Length > 0 && job.State is JobState.Running or JobState.Checkpointing;

    public static StoredJobEvent Submitted(JobSpec spec, string actor, DateTimeOffset now) =>
        new(new() { Sequence = 1, At = now, State = JobState.Queued, Kind = "submitted", Reason = "waits for its turn", Actor = actor }, new() { Spec = spec });

    public JobTurn Pause(string reason, string actor)
    {
        if (job.State == JobState.Paused || job.Stop?.Goal == JobGoal.Pause) return JobTurn.Nothing;
        if (job.State.IsTerminal()) return Ended();
        if (job.Stop is { Goal: JobGoal.Cancel or JobGoal.Fail or JobGoal.Complete } stop) return JobTurn.Refuse($"It is about to end: {stop.Reason}.");
        var why = reason.Length > 0 ? reason : "paused by its owner";
        return job.Placement is null ? Turn("paused", JobState.Paused, why, actor, new()) : StopFor(JobGoal.Pause, null, Grace, SavesItself, why, actor);
    }

    public JobTurn Resume(string actor)
    {
        if (job.State == JobState.Paused) return Turn("resumed", JobState.Queued, "resumed, waits for its turn", actor, new());
        if (job.Stop is { Goal: JobGoal.Pause } stop) return Turn("resumed", job.State, "resumed while it stopped", actor, new() { Stop = stop with { Goal = JobGoal.Queue, Reason = "resumed" } });
        return job.State.IsTerminal() ? Ended() : JobTurn.Refuse($"It is {Name(job.State)}, not paused.");
    }

    public JobTurn Scale(int workers, string actor)
    {
        if (job.State.IsTerminal()) return Ended();
        if (job.Scaled && job.DesiredWorkers == workers) return JobTurn.Nothing;
        return Turn("scaled", job.State, job.Reason, actor, new() { DesiredWorkers = workers }, ("workers", Text(workers)), ("from", Text(job.DesiredWorkers)));
    }

    public JobTurn Checkpoint(string actor)
    {
        if (job.State == JobState.Checkpointing) return JobTurn.Nothing;
        if (job.State != JobState.Running) return job.State.IsTerminal() ? Ended() : JobTurn.Refuse($"It is {Name(job.State)}: only a running job can write a checkpoint.");
        return Turn("checkpoint_requested", JobState.Checkpointing, "was asked for a checkpoint", actor, new() { CheckpointRequests = job.CheckpointRequests + 1 });
    }

    public JobTurn Cancel(string reason, string actor)
    {
        if (job.State.IsTerminal() || job.Stop?.Goal == JobGoal.Cancel) return JobTurn.Nothing;
        var why = reason.Length > 0 ? reason : "cancelled by its owner";
        return job.Placement is null
            ? Turn("cancelled", JobState.Cancelled, why, actor, new() { Stopped = true })
            : StopFor(JobGoal.Cancel, null, Grace < ShortGrace ? Grace : ShortGrace, false, why, actor);
    }

    public JobTurn Place(long expectedFence, JobPlacement placement, string reason)
    {
        if (job.State.IsTerminal()) return Ended();
        if (job.Fence != expectedFence) return JobTurn.Refuse(FormattableString.Invariant($"Its last placement is {job.Fence}, not {expectedFence}."));
        if (job.Stop is not null || job.State is JobState.Paused or JobState.Admitted) return JobTurn.Refuse($"It is {Name(job.State)} and takes no place now.");
        if (job.Placement is not null) return StopFor(JobGoal.Place, placement with { Fence = expectedFence + 1 }, Grace, SavesItself, reason, "");
        return Turn("admitted", JobState.Admitted, reason, "", Begin(placement with { Fence = expectedFence + 1 }), Facts(placement));
    }

    public JobTurn Vacate(long expectedFence, JobGoal goal, TimeSpan? grace, string reason)
    {
        if (job.State.IsTerminal()) return Ended();
        if (job.Fence != expectedFence) return JobTurn.Refuse(FormattableString.Invariant($"Its last placement is {job.Fence}, not {expectedFence}."));
        if (job.Stop is { } stop)
        {
            // It stops already: it can only be told to hurry.
            var by = now + (grace ?? Grace);
            return by < stop.By ? Turn("hurried", job.State, reason, "", new() { Stop = stop with { By = by } }) : JobTurn.Nothing;
        }
        if (job.Placement is null) return goal == JobGoal.Fail ? Turn("failed", JobState.Failed, reason, "", new()) : JobTurn.Nothing;
        return StopFor(goal, null, grace ?? Grace, SavesItself, reason, "");
    }

    public JobTurn Hint(long expectedFence, JobHint hint, string reason) =>
        job.Placement is not { } placement || job.Fence != expectedFence || job.Stop is not null || job.State.IsTerminal()
            ? JobTurn.Refuse("It has left that place.")
            : Turn("hint", job.State, job.Reason, "", new() { Placement = placement with { Hint = hint } }, ("why", reason), ("revision", Text(hint.Revision)));

    /// <summary>The ledgers have confirmed its claim, or have given it to somebody else.</summary>
    public JobTurn Confirmed(string claim, bool kept)
    {
        if (job.State != JobState.Admitted || job.Placement?.Claim != claim) return JobTurn.Nothing;
        return kept
            ? Turn("placing", JobState.Placing, $"starts {Text(job.Placement!.Workers)} workers on {Text(job.Placement.Groups.Count)} nodes", "", new())
            : Turn("claim_lost", JobState.Queued, "its claim ran out before it was confirmed", "", new() { Unplaced = true });
    }

    /// <summary>Its GPUs are no longer its own, whatever took them away: it must not use them.</summary>
    public JobTurn ClaimGone(string claim) =>
        job.Placement?.Claim != claim || job.State == JobState.Admitted || job.Stop is { Goal: not JobGoal.Place } ? JobTurn.Nothing
            : StopFor(JobGoal.Queue, null, TimeSpan.Zero, false, "its claim is gone from the ledger", "");

    /// <summary>All ranks run.</summary>
    public JobTurn Started() => job is { State: JobState.Placing, Stop: null } ? Turn("running", JobState.Running, "all ranks run", "", new()) : JobTurn.Nothing;

    /// <summary>Nodes did not start their ranks in time.</summary>
    public JobTurn NotStarted(IReadOnlyList<string> nodes, TimeSpan avoid)
    {
        if (job is not { State: JobState.Placing, Stop: null }) return JobTurn.Nothing;
        return StopFor(JobGoal.Queue, null, ShortGrace, false, $"not started in time on {string.Join(", ", nodes)}", "", Avoiding(nodes, avoid));
    }

    /// <summary>A rank failed: the job starts again where it is, from its last checkpoint, or ends when it has done so too often.</summary>
    /// <param name="report">What the agent says.</param>
    /// <param name="avoid">How long the node is left alone if nothing could be started there.</param>
    public JobTurn RankFailed(JobReport report, TimeSpan avoid)
    {
        if (job.Placement is not { } placement || report.Fence != job.Fence || job.Stop is not null || job.State.IsTerminal()) return JobTurn.Nothing;
        var what = report.ExitCode is { } code
            ? FormattableString.Invariant($"rank {report.Rank} on {report.Node} ended with exit code {code}")
            : $"{report.Node} could not start its ranks";
        var why = report.Error.Length > 0 ? $"{what}: {report.Error}" : what;
        var progress = Progress() with { Restarts = job.Progress.Restarts + 1 };
        (string, string)[] facts = [("node", report.Node), ("rank", Text(report.Rank)), ("exit_code", report.ExitCode is { } exit ? Text(exit) : "none")];
        if (job.Progress.Restarts >= job.Spec.MaxRestarts) return StopFor(JobGoal.Fail, null, ShortGrace, false, why, "", new() { Progress = progress }, "rank_failed", facts);
        // What ran and failed may run again where it is; where nothing could be started another node may do.
        return report.ExitCode is null
            ? StopFor(JobGoal.Queue, null, ShortGrace, false, why, "", Avoiding([report.Node], avoid) with { Progress = progress }, "rank_failed", facts)
            : StopFor(JobGoal.Place, placement with { Fence = job.Fence + 1 }, ShortGrace, false, why, "", new() { Progress = progress }, "rank_failed", facts);
    }

    /// <summary>All ranks of a node ended well.</summary>
    public JobTurn NodeFinished(long fence, string node)
    {
        if (fence != job.Fence || job.Placement is not { } placement || job.FinishedNodes.Contains(node) || placement.Groups.All(g => g.Node != node)) return JobTurn.Nothing;
        string[] finished = [.. job.FinishedNodes, node];
        // Who has done all of its work has done it, whatever was meant to become of it.
        return finished.Length == placement.Groups.Count
            ? Turn("completed", JobState.Completed, "all ranks ended well", "", new() { Unplaced = true, Stopped = true, FinishedNodes = [], LostNodes = [] })
            : Turn("node_finished", job.State, job.Reason, "", new() { FinishedNodes = finished }, ("node", node));
    }

    /// <summary>A checkpoint is written.</summary>
    public JobTurn Saved(long step, string reference)
    {
        var progress = Progress() with { CheckpointStep = step, CheckpointRef = reference, CheckpointAt = now, Step = Math.Max(job.Progress.Step, step) };
        return Turn("checkpoint", job.State == JobState.Checkpointing ? JobState.Running : job.State, job.State == JobState.Checkpointing ? "all ranks run" : job.Reason, "",
            new() { Progress = progress }, ("step", Text(step)), ("ref", reference));
    }

    /// <summary>No checkpoint came of a request.</summary>
    public JobTurn NotSaved() => job.State == JobState.Checkpointing && job.Stop is null ? Turn("checkpoint_missed", JobState.Running, "no checkpoint came within its grace", "", new()) : JobTurn.Nothing;

    /// <summary>A node's agent is gone for longer than its lease.</summary>
    public JobTurn NodeLost(long fence, string node, string reason)
    {
        if (job.Placement is not { } placement || fence != job.Fence || placement.Groups.All(g => g.Node != node) || job.LostNodes.Contains(node)) return JobTurn.Nothing;
        string[] lost = [.. job.LostNodes, node];
        return Turn("node_lost", job.Stop is null && job.State is not JobState.Admitted ? JobState.Degraded : job.State, $"{node} is lost: {reason}", "", new() { LostNodes = lost }, ("node", node));
    }

    /// <summary>No rank runs any more: what was meant to follow does.</summary>
    public JobTurn Stopped()
    {
        if (job.Stop is not { } stop) return JobTurn.Nothing;
        var gone = new JobDelta { Unplaced = true, Stopped = true, LostNodes = [], FinishedNodes = [], Progress = Progress() };
        return stop.Goal switch
        {
            JobGoal.Place when stop.Next!.Groups.Any(g => job.LostNodes.Contains(g.Node)) => Turn("queued", JobState.Queued, $"{stop.Reason}; a node of its next place was lost meanwhile", "", gone),
            JobGoal.Place => Turn("admitted", JobState.Admitted, stop.Reason, "", Begin(stop.Next!) with { Stopped = true, Progress = Progress() }, Facts(stop.Next!)),
            JobGoal.Queue => Turn("queued", JobState.Queued, stop.Reason, "", gone),
            JobGoal.Preempt => Turn("preempted", JobState.Preempted, stop.Reason, "", gone),
            JobGoal.Pause => Turn("paused", JobState.Paused, stop.Reason, "", gone),
            JobGoal.Cancel => Turn("cancelled", JobState.Cancelled, stop.Reason, "", gone),
            JobGoal.Fail => Turn("failed", JobState.Failed, stop.Reason, "", gone),
            _ => Turn("completed", JobState.Completed, stop.Reason, "", gone),
        };
    }

    /// <summary>It comes out of a backup: its ranks are gone, and nobody knows since when. What was meant to follow its stop does; else it waits for a place.</summary>
    public JobTurn Restored(string actor)
    {
        if (!job.State.IsPlaced()) return JobTurn.Nothing;
        // The time that it was gone is not counted.
        var gone = new JobDelta { Unplaced = true, Stopped = true, LostNodes = [], FinishedNodes = [], Progress = job.Progress };
        return job.Stop?.Goal switch
        {
            JobGoal.Pause => Turn("restored", JobState.Paused, job.Stop.Reason, actor, gone),
            JobGoal.Cancel => Turn("restored", JobState.Cancelled, job.Stop.Reason, actor, gone),
            JobGoal.Fail => Turn("restored", JobState.Failed, job.Stop.Reason, actor, gone),
            JobGoal.Complete => Turn("restored", JobState.Completed, job.Stop.Reason, actor, gone),
            _ => Turn("restored", JobState.Queued, "restored from a backup, waits for its turn", actor, gone),
        };
    }

    /// <summary>It has used up its budget.</summary>
    public JobTurn OverBudget() =>
        job.Spec.BudgetGpuHours is { } budget && job.Placement is not null && job.Stop is null && Progress().GpuSeconds > budget * 3600
            ? StopFor(JobGoal.Fail, null, Grace, SavesItself, FormattableString.Invariant($"its budget of {budget} GPU hours is used up"), "")
            : JobTurn.Nothing;

    /// <summary>Progress with the GPU time up to now.</summary>
    public JobProgress Progress()
    {
        var gpus = job.Placement?.Groups.Sum(static g => g.Gpus.Count) ?? 0;
        return job.Progress with { GpuSeconds = job.Progress.GpuSeconds + (gpus * Math.Max(0, (now - meteredAt).TotalSeconds)) };
    }

    private JobTurn StopFor(
        JobGoal goal, JobPlacement? next, TimeSpan grace, bool checkpoint, string reason, string actor, JobDelta? delta = null, string kind = "stopping", params (string, string)[] facts)
    {
        var state = goal == JobGoal.Place ? JobState.Rescaling : checkpoint ? JobState.Checkpointing : job.State == JobState.Admitted ? JobState.Placing : job.State;
        var stop = new JobStop(goal, next, now + grace, checkpoint, reason);
        return Turn(kind, state, reason, actor, (delta ?? new()) with { Stop = stop }, [("goal", goal.ToString().ToLowerInvariant()), .. facts]);
    }

    /// <summary>At a new place nothing is known of its ranks yet.</summary>
    private static JobDelta Begin(JobPlacement placement) => new() { Placement = placement, LostNodes = [], FinishedNodes = [] };

    private JobDelta Avoiding(IReadOnlyList<string> nodes, TimeSpan avoid) => new()
    {
        Avoid = nodes.Select(n => (n, now + avoid)).Concat(job.Avoid.Where(a => a.Value > now && !nodes.Contains(a.Key)).Select(a => (a.Key, a.Value))).ToDictionary(a => a.Item1, a => a.Item2),
    };

    private JobTurn Turn(string kind, JobState state, string reason, string actor, JobDelta delta, params (string Key, string Value)[] facts)
    {
        var happened = new JobEvent
        {
            Sequence = job.Version + 1,
            At = now,
            State = state,
            Kind = kind,
            Reason = reason,
            Actor = actor,
            Fence = delta.Placement?.Fence ?? job.Placement?.Fence ?? 0,
            Data = facts.ToDictionary(f => f.Key, f => f.Value),
        };
        // GPU time goes on with every event, from the one before.
        return new(new(happened, delta.Progress is null && job.Placement is not null ? delta with { Progress = Progress() } : delta), "");
    }

    private JobTurn Ended() => JobTurn.Refuse($"It has ended: {Name(job.State)}.");

    private static (string, string)[] Facts(JobPlacement placement) =>
        [("nodes", string.Join(",", placement.Groups.Select(static g => g.Node))), ("workers", Text(placement.Workers)), ("strategy", placement.Strategy), ("claim", placement.Claim),
            ("gpus", string.Join(",", placement.Groups.SelectMany(static g => g.Gpus)))];

    private static string Name(JobState state) => state.ToString().ToLowerInvariant();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
