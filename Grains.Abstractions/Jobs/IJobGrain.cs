using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>One training job: its life as a log of events, persisted. Key: job id.</summary>
[Alias("infermesh.IJobGrain")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Submits it. The same content again changes nothing and gives the job; another content is a conflict.</summary>
    [Alias("Submit")] Task<JobResult> Submit(JobSpec spec, string actor);

    /// <summary>All that is wrong with a spec; nothing is written.</summary>
    [AlwaysInterleave, Alias("Check")] Task<IReadOnlyList<FieldError>> Check(JobSpec spec);

    /// <summary>The job; null when there is none.</summary>
    [AlwaysInterleave, Alias("Get")] Task<MeshJob?> Get();

    /// <summary>The job as soon as its version differs from the caller's, or null after <paramref name="wait"/>, or when there is none.</summary>
    [AlwaysInterleave, Alias("WaitForChange")] Task<MeshJob?> WaitForChange(long version, TimeSpan wait);

    /// <summary>Events after a sequence number, oldest first, at most <paramref name="max"/>; the last 500 are kept.</summary>
    [AlwaysInterleave, Alias("Log")] Task<IReadOnlyList<JobEvent>> Log(long after, int max);

    /// <summary>Stops it, after a checkpoint, until it is resumed.</summary>
    [Alias("Pause")] Task<JobResult> Pause(string reason, string actor);

    /// <summary>Ends a pause: it waits for a place again.</summary>
    [Alias("Resume")] Task<JobResult> Resume(string actor);

    /// <summary>Changes how many workers it should have, within its spec's limits.</summary>
    [Alias("Scale")] Task<JobResult> Scale(int workers, string actor);

    /// <summary>Asks it for a checkpoint; it goes on.</summary>
    [Alias("Checkpoint")] Task<JobResult> Checkpoint(string actor);

    /// <summary>Ends it; one that has ended stays as it is.</summary>
    [Alias("Cancel")] Task<JobResult> Cancel(string reason, string actor);

    /// <summary>Called by the scheduler, which has claimed the GPUs: the job goes there, from where it waits or runs.</summary>
    /// <param name="expectedFence">Fence of the last placement that the caller knows; another one is a conflict.</param>
    /// <param name="placement">The place; its fence is the next one.</param>
    /// <param name="reason">Why.</param>
    [Alias("Place")] Task<JobResult> Place(long expectedFence, JobPlacement placement, string reason);

    /// <summary>Called by the scheduler: gives up its place, after a checkpoint.</summary>
    /// <param name="expectedFence">Fence of the placement that is meant; another one is a conflict.</param>
    /// <param name="goal"><see cref="JobGoal.Preempt"/>, <see cref="JobGoal.Queue"/> or <see cref="JobGoal.Fail"/>.</param>
    /// <param name="grace">How long it gets; its spec's grace when null.</param>
    /// <param name="reason">Why.</param>
    [Alias("Vacate")] Task<JobResult> Vacate(long expectedFence, JobGoal goal, TimeSpan? grace, string reason);

    /// <summary>Called by the scheduler: a hint that has changed with a link; ranks get it with their next start, and see it at once where they look.</summary>
    [Alias("Hint")] Task<JobResult> Hint(long expectedFence, JobHint hint, string reason);

    /// <summary>Called for an agent: what its ranks did.</summary>
    [Alias("Report")] Task Report(JobReport report);

    /// <summary>Called by a node's grain when its agent is gone for longer than its lease, or by the scheduler when the node is out of service.</summary>
    [Alias("NodeLost")] Task NodeLost(long fence, string node, string reason);

    /// <summary>Called by the index: forgets a job that has ended and of which the event log has heard everything, with its log; false when that is not so.</summary>
    [Alias("Forget")] Task<bool> Forget();

    /// <summary>Whether GPUs claimed so are its own. Called by ledgers, which give back what nobody wants.</summary>
    [AlwaysInterleave, Alias("Holds")] Task<bool> Holds(string claim);

    /// <summary>What a node has to do for it; null for nothing. Called by a node's grain that begins anew.</summary>
    [AlwaysInterleave, Alias("AssignmentOf")] Task<JobAssignment?> AssignmentOf(string node);
}

/// <summary>What became of a call.</summary>
[GenerateSerializer, Alias("infermesh.JobResultStatus")]
public enum JobResultStatus : byte
{
    /// <summary>Done, or under way.</summary>
    Accepted = 0,

    /// <summary>There is no such job.</summary>
    NotFound,

    /// <summary>Something is wrong with the input; see the errors.</summary>
    Invalid,

    /// <summary>The state of the job forbids it; see the errors.</summary>
    Conflict,
}

/// <summary>Answer to a call.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Job">The job afterwards; null when there is none.</param>
/// <param name="Errors">What is wrong, one entry per field.</param>
/// <param name="Created">The call made the job.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobResult")]
public sealed record JobResult([property: Id(0)] JobResultStatus Status, [property: Id(1)] MeshJob? Job, [property: Id(2)] IReadOnlyList<FieldError> Errors, [property: Id(3)] bool Created = false);

/// <summary>What ranks did.</summary>
[GenerateSerializer, Alias("infermesh.JobReportKind")]
public enum JobReportKind : byte
{
    /// <summary>All ranks of the node run.</summary>
    Started = 0,

    /// <summary>A step is done.</summary>
    Step,

    /// <summary>A checkpoint is written.</summary>
    Checkpoint,

    /// <summary>All ranks of the node ended well.</summary>
    Finished,

    /// <summary>A rank ended badly, or could not be started.</summary>
    Failed,

    /// <summary>No rank runs any more, as the mesh wanted.</summary>
    Stopped,
}

/// <summary>What an agent reports about its ranks of a job.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobReport")]
public sealed record JobReport
{
    /// <summary>Fence of the placement that the ranks belong to; reports of an older one are dropped, but for a checkpoint.</summary>
    [Id(0)] public long Fence { get; init; }

    /// <summary>Node.</summary>
    [Id(1)] public required string Node { get; init; }

    /// <summary>What they did.</summary>
    [Id(2)] public JobReportKind Kind { get; init; }

    /// <summary>Step that is done, or that the checkpoint holds.</summary>
    [Id(3)] public long Step { get; init; }

    /// <summary>Seconds of a step; null when unknown.</summary>
    [Id(4)] public double? StepSeconds { get; init; }

    /// <summary>Reference of the checkpoint.</summary>
    [Id(5)] public string CheckpointRef { get; init; } = "";

    /// <summary>Rank that failed; -1 for none.</summary>
    [Id(6)] public int Rank { get; init; } = -1;

    /// <summary>Exit code of the rank that failed; null when it did not start.</summary>
    [Id(7)] public int? ExitCode { get; init; }

    /// <summary>Why it failed, with the last line that it wrote.</summary>
    [Id(8)] public string Error { get; init; } = "";
}
