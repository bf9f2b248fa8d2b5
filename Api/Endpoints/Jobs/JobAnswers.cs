using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>One page of jobs.</summary>
internal sealed record JobPageView
{
    /// <summary>Jobs, newest first, without command and environment.</summary>
    public required IReadOnlyList<JobView> Items { get; init; }

    /// <summary>Give it as <c>cursor</c> to read on; absent on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>Jobs that match, on all pages together.</summary>
    public int Total { get; init; }

    /// <summary>Jobs that the caller may see by state, whatever was asked for.</summary>
    public required IReadOnlyDictionary<string, int> ByState { get; init; }

    public static JobPageView Of(JobPage page) => new()
    {
        Items = [.. page.Jobs.Select(JobView.Of)],
        NextCursor = page is { More: true, Jobs: [.., var last] } ? Cursor.After(JobPlace.Of(last)) : null,
        Total = page.Total,
        ByState = page.ByState.OrderBy(s => s.Key).ToDictionary(s => JobWords.Of(s.Key), s => s.Value),
    };
}

/// <summary>What would become of a job if it were submitted now.</summary>
internal sealed record JobPreviewView
{
    /// <summary>`placed`, `waits` or `never`.</summary>
    public required string Verdict { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>Where it would go; absent unless it would be placed now.</summary>
    public JobPlacementView? Placement { get; init; }

    /// <summary>Jobs that would make room for it.</summary>
    public required IReadOnlyList<string> Preempts { get; init; }

    public static JobPreviewView Of(JobPreview preview) => new()
    {
        Verdict = preview.Verdict,
        Reason = Views.Known(preview.Reason),
        Placement = JobPlacementView.Of(preview.Placement),
        Preempts = preview.Preempts,
    };
}

/// <summary>Why a job waits, or why it is where it is.</summary>
internal sealed record JobExplanationView
{
    /// <summary>Job.</summary>
    public required string Job { get; init; }

    /// <summary>State.</summary>
    public JobState State { get; init; }

    /// <summary>Why, in one line.</summary>
    public string? Reason { get; init; }

    /// <summary>Jobs that go before it; absent when it does not wait.</summary>
    public int? Position { get; init; }

    /// <summary>When it should have room at the latest, as far as running jobs say how long they take; absent when unknown.</summary>
    public DateTimeOffset? ExpectedStart { get; init; }

    /// <summary>GPUs that it needs; absent when nobody looks for any.</summary>
    public int? GpusNeeded { get; init; }

    /// <summary>GPUs that suit it.</summary>
    public int? GpusSuitable { get; init; }

    /// <summary>GPUs that suit it and are free.</summary>
    public int? GpusFree { get; init; }

    /// <summary>What other strategies would do with it, by name.</summary>
    public required IReadOnlyList<JobAlternativeView> Alternatives { get; init; }

    /// <summary>Time-decayed use of the dominant resource by its tenant over its weight.</summary>
    public double? TenantUsage { get; init; }

    public static JobExplanationView Of(JobExplanation explanation) => new()
    {
        Job = explanation.Job,
        State = explanation.State,
        Reason = Views.Known(explanation.Reason),
        Position = explanation.Position,
        ExpectedStart = explanation.ExpectedStart,
        GpusNeeded = explanation.GpusNeeded,
        GpusSuitable = explanation.GpusSuitable,
        GpusFree = explanation.GpusFree,
        Alternatives = [.. explanation.Alternatives.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => new JobAlternativeView { Strategy = a.Key, RingNsPerByte = a.Value < 0 ? null : Views.Known(a.Value) })],
        TenantUsage = Views.Known(explanation.TenantUsage),
    };

    /// <summary>Of a job that the scheduler has nothing to do with: it has ended, or is only just there.</summary>
    public static JobExplanationView Of(MeshJob job) => new() { Job = job.Id, State = job.State, Reason = Views.Known(job.Reason), Alternatives = [] };
}

/// <summary>What another strategy would do.</summary>
internal sealed record JobAlternativeView
{
    /// <summary>Strategy.</summary>
    public required string Strategy { get; init; }

    /// <summary>Nanoseconds per byte of the ring; absent where it finds no place.</summary>
    public double? RingNsPerByte { get; init; }
}

/// <summary>Events of one read.</summary>
internal sealed record JobEventPageView
{
    /// <summary>Events, oldest first.</summary>
    public required IReadOnlyList<JobEventView> Items { get; init; }

    /// <summary>Give it as <c>after</c> to read on.</summary>
    public long Cursor { get; init; }

    /// <summary>Events between <c>after</c> and the first one here are no longer kept.</summary>
    public bool Truncated { get; init; }
}

/// <summary>One thing that happened to a job.</summary>
internal sealed record JobEventView
{
    /// <summary>Number within the job, from 1.</summary>
    public long Sequence { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>State afterwards.</summary>
    public JobState State { get; init; }

    /// <summary>What happened, such as `submitted`, `placed`, `rank_failed`.</summary>
    public required string Kind { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>Who; absent for the mesh itself.</summary>
    public string? Actor { get; init; }

    /// <summary>Fence of the placement that it is about.</summary>
    public long? Fence { get; init; }

    /// <summary>Details.</summary>
    public required IReadOnlyDictionary<string, string> Data { get; init; }

    public static JobEventView Of(JobEvent happened) => new()
    {
        Sequence = happened.Sequence,
        At = happened.At,
        State = happened.State,
        Kind = happened.Kind,
        Reason = Views.Known(happened.Reason),
        Actor = Views.Known(happened.Actor),
        Fence = happened.Fence == 0 ? null : happened.Fence,
        Data = happened.Data,
    };
}
