using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Jobs;

/// <summary>What an event changes of a job, beside its state; what is null stays.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobDelta")]
internal sealed record JobDelta
{
    /// <summary>With the first event.</summary>
    [Id(0)] public JobSpec? Spec { get; init; }

    [Id(1)] public JobPlacement? Placement { get; init; }

    /// <summary>It has no place any more.</summary>
    [Id(2)] public bool Unplaced { get; init; }

    [Id(3)] public JobStop? Stop { get; init; }

    /// <summary>The stop is over.</summary>
    [Id(4)] public bool Stopped { get; init; }

    [Id(5)] public int? DesiredWorkers { get; init; }

    [Id(6)] public JobProgress? Progress { get; init; }

    [Id(7)] public IReadOnlyDictionary<string, DateTimeOffset>? Avoid { get; init; }

    [Id(8)] public IReadOnlyList<string>? LostNodes { get; init; }

    [Id(9)] public IReadOnlyList<string>? FinishedNodes { get; init; }

    [Id(10)] public int? CheckpointRequests { get; init; }
}

/// <summary>An event as it is stored.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.StoredJobEvent")]
internal sealed record StoredJobEvent([property: Id(0)] JobEvent Event, [property: Id(1)] JobDelta Delta);

/// <summary>The log of a job: what its oldest events have made of it, and those after them.</summary>
[GenerateSerializer, Alias("infermesh.JobLogState")]
internal sealed class JobLogState : IOutboxState
{
    /// <summary>The job before <see cref="Events"/>; null when they are all that ever were.</summary>
    [Id(0)] public MeshJob? Base { get; set; }

    /// <summary>Oldest first.</summary>
    [Id(1)] public List<StoredJobEvent> Events { get; set; } = [];

    [Id(2)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <summary>Makes jobs of their logs. Pure.</summary>
internal static class JobFold
{
    /// <summary>Events that are kept; older ones go into the base.</summary>
    public const int Kept = 500;

    /// <summary>The job that a log describes; null for an empty one.</summary>
    public static MeshJob? Fold(string id, JobLogState log) => log.Events.Aggregate(log.Base, (job, stored) => Apply(id, job, stored));

    /// <summary>The job after an event.</summary>
    public static MeshJob Apply(string id, MeshJob? before, StoredJobEvent stored)
    {
        var (happened, delta) = (stored.Event, stored.Delta);
        var job = before ?? new MeshJob
        {
            Id = id,
            Spec = delta.Spec!,
            SubmittedAt = happened.At,
            SubmittedBy = happened.Actor,
            Since = happened.At,
            DesiredWorkers = delta.Spec!.Workers,
        };
        return job with
        {
            Version = happened.Sequence,
            State = happened.State,
            Reason = happened.Reason.Length > 0 || job.State != happened.State ? happened.Reason : job.Reason,
            Since = before is null || job.State != happened.State ? happened.At : job.Since,
            StartedAt = job.StartedAt ?? (happened.State == JobState.Running ? happened.At : null),
            EndedAt = happened.State.IsTerminal() ? job.EndedAt ?? happened.At : null,
            DesiredWorkers = delta.DesiredWorkers ?? job.DesiredWorkers,
            Scaled = job.Scaled || delta.DesiredWorkers is not null,
            Placement = delta.Unplaced ? null : delta.Placement ?? job.Placement,
            Fence = delta.Placement?.Fence ?? job.Fence,
            Progress = delta.Progress ?? job.Progress,
            Avoid = delta.Avoid ?? job.Avoid,
            LostNodes = delta.LostNodes ?? job.LostNodes,
            FinishedNodes = delta.FinishedNodes ?? job.FinishedNodes,
            Stop = delta.Stopped ? null : delta.Stop ?? job.Stop,
            CheckpointRequests = delta.CheckpointRequests ?? job.CheckpointRequests,
        };
    }

    /// <summary>Adds an event to a log; what is too old goes into the base.</summary>
    public static void Add(string id, JobLogState log, StoredJobEvent stored)
    {
        log.Events.Add(stored);
        var over = log.Events.Count - Kept;
        if (over <= 0) return;
        foreach (var old in log.Events.Take(over)) log.Base = Apply(id, log.Base, old);
        log.Events.RemoveRange(0, over);
    }
}
