using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>A job as it is now. Its <c>spec</c> is what POST takes.</summary>
internal sealed record JobView
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>Grows by one with each event; the ETag is this number in quotes.</summary>
    public long Version { get; init; }

    /// <summary>What was submitted.</summary>
    public required JobSpecView Spec { get; init; }

    /// <summary>State.</summary>
    public JobState State { get; init; }

    /// <summary>Why it is in this state.</summary>
    public string? Reason { get; init; }

    /// <summary>When it came into this state.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>Who submitted it.</summary>
    public string? SubmittedBy { get; init; }

    /// <summary>When all ranks ran first; absent before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; absent before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Workers that it should have now: what was submitted, or what it was scaled to.</summary>
    public int DesiredWorkers { get; init; }

    /// <summary>Where it runs; absent while it has no place.</summary>
    public JobPlacementView? Placement { get; init; }

    /// <summary>Fence of its last placement; absent before the first.</summary>
    public long? Fence { get; init; }

    /// <summary>How far it is.</summary>
    public required JobProgressView Progress { get; init; }

    /// <summary>Nodes on which it failed lately, and until when they are left alone.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> Avoid { get; init; }

    /// <summary>Nodes of its placement that are lost.</summary>
    public required IReadOnlyList<string> LostNodes { get; init; }

    /// <summary>Set while it is being stopped.</summary>
    public JobStopView? Stop { get; init; }

    public static JobView Of(MeshJob job) => new()
    {
        Id = job.Id,
        Version = job.Version,
        Spec = JobSpecView.Of(job.Spec),
        State = job.State,
        Reason = Views.Known(job.Reason),
        Since = job.Since,
        SubmittedAt = job.SubmittedAt,
        SubmittedBy = Views.Known(job.SubmittedBy),
        StartedAt = job.StartedAt,
        EndedAt = job.EndedAt,
        DesiredWorkers = job.DesiredWorkers,
        Placement = JobPlacementView.Of(job.Placement),
        Fence = job.Fence == 0 ? null : job.Fence,
        Progress = JobProgressView.Of(job.Progress),
        Avoid = job.Avoid,
        LostNodes = job.LostNodes,
        Stop = JobStopView.Of(job.Stop),
    };
}

/// <summary>How far a job is, as its ranks tell.</summary>
internal sealed record JobProgressView
{
    /// <summary>Last step that was told; absent before the first.</summary>
    public long? Step { get; init; }

    /// <summary>Seconds of a step, moving mean.</summary>
    public double? StepSeconds { get; init; }

    /// <summary>Step of the last checkpoint.</summary>
    public long? CheckpointStep { get; init; }

    /// <summary>Reference of the last checkpoint.</summary>
    public string? CheckpointRef { get; init; }

    /// <summary>When the last checkpoint was told.</summary>
    public DateTimeOffset? CheckpointAt { get; init; }

    /// <summary>Restarts after its own failures.</summary>
    public int Restarts { get; init; }

    /// <summary>GPU seconds that it has held.</summary>
    public double GpuSeconds { get; init; }

    public static JobProgressView Of(JobProgress progress) => new()
    {
        Step = progress.Step == 0 ? null : progress.Step,
        StepSeconds = Views.Known(progress.StepSeconds),
        CheckpointStep = progress.CheckpointStep,
        CheckpointRef = Views.Known(progress.CheckpointRef),
        CheckpointAt = progress.CheckpointAt,
        Restarts = progress.Restarts,
        GpuSeconds = progress.GpuSeconds,
    };
}

/// <summary>A stop under way.</summary>
internal sealed record JobStopView
{
    /// <summary>What follows.</summary>
    public JobGoal Goal { get; init; }

    /// <summary>The place that it goes to, with goal `place`.</summary>
    public JobPlacementView? Next { get; init; }

    /// <summary>When ranks are killed that have not ended.</summary>
    public DateTimeOffset By { get; init; }

    /// <summary>It is asked for a checkpoint first.</summary>
    public bool Checkpoint { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    public static JobStopView? Of(JobStop? stop) => stop is null ? null : new()
    {
        Goal = stop.Goal,
        Next = JobPlacementView.Of(stop.Next),
        By = stop.By,
        Checkpoint = stop.Checkpoint,
        Reason = Views.Known(stop.Reason),
    };
}
