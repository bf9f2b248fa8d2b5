using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// What a decision needs of one target, worked out once when the table is built: readings that cannot be are replaced, rates are turned
/// into times. One struct per target, so that a scan over a fleet touches memory in order.
/// </summary>
internal readonly struct TargetCost
{
    private const double MaxReportedRequests = 1e9;

    // With less of the cache free than that, a request that waits does so for blocks: a prompt of average length needs a few hundredths of it.
    private const double FullCache = 0.9;

    public TargetCost(TargetRow row, LoadBaseline baseline)
    {
        IsBatchKnown = row.MaxConcurrency is >= 1 and < double.PositiveInfinity;
        MaxBatchSize = IsBatchKnown ? row.MaxConcurrency : CostModel.Fallback.MaxConcurrency;
        BatchSize = Batch(MaxBatchSize, row.Running, row.Waiting, row.KvCacheUsage);
        LoadBeyondLocal = Beyond(row.Running, row.Waiting, baseline);
        LocalAtReading = baseline.Requests;
        PrefillSecondsPerToken = 1 / Positive(row.PrefillTokensPerSecond, CostModel.Fallback.PrefillTokensPerSecond);
        SharePerSequenceSeconds = 1 / Positive(row.DecodeTokensPerSecond, CostModel.Fallback.DecodeTokensPerSecond);
        SoloSeconds = Positive(row.MinSecondsPerToken, CostModel.Fallback.MinSecondsPerToken);
        SlopeSeconds = MaxBatchSize > 1 ? Math.Max(0, MaxBatchSize * SharePerSequenceSeconds - SoloSeconds) / (MaxBatchSize - 1) : 0;
        RttSeconds = TargetSet.Or(row.RttSeconds, double.NaN);
        ColdStartSeconds = Finite(row.ColdStartSeconds);
        DollarsPerSecond = TargetSet.Or(row.PricePerHour, 0) / 3600;

        static double Positive(double value, double fallback) => double.IsFinite(value) && value > 0 ? value : fallback;
    }

    /// <summary>Whether the runtime says how large its batch is.</summary>
    public bool IsBatchKnown { get; }

    /// <summary>Sequences that the runtime allows.</summary>
    public double MaxBatchSize { get; }

    /// <summary>Sequences that run together: what the runtime allows or, where requests wait for room in the KV cache, what runs.</summary>
    public double BatchSize { get; private init; }

    /// <summary>Whether the KV cache is what limits the batch.</summary>
    public bool IsCacheBound => BatchSize < MaxBatchSize;

    /// <summary>What the reading says, less what this router had in flight when it was taken.</summary>
    public double LoadBeyondLocal { get; private init; }

    /// <summary>What this router had in flight when the reading was taken.</summary>
    public int LocalAtReading { get; private init; }

    public double PrefillSecondsPerToken { get; }

    /// <summary>What one sequence adds to the time per token when the GPU generates at its full rate.</summary>
    public double SharePerSequenceSeconds { get; }

    public double SoloSeconds { get; }

    public double SlopeSeconds { get; }

    /// <summary>Not a number when it was not measured.</summary>
    public double RttSeconds { get; }

    /// <summary>Infinite when nobody knows.</summary>
    public double ColdStartSeconds { get; private init; }

    public double DollarsPerSecond { get; }

    /// <summary>
    /// Time per output token in a batch of n. A step reads the weights once and adds work per sequence, so it grows linearly from the
    /// solo speed to that of the full batch; no batch generates more than the GPU's rate.
    /// </summary>
    public double SecondsPerToken(double n) => Math.Max(SoloSeconds + SlopeSeconds * (n - 1), n * SharePerSequenceSeconds);

    /// <summary>
    /// Seconds of prefill that a step of n sequences has room for: alone, a sequence waits for the weights to be read, and the GPU could compute for as long. Each sequence that generates takes
    /// what a token of a prompt takes.
    /// </summary>
    public double SlackSeconds(double n) => Math.Max(0, SoloSeconds - n * PrefillSecondsPerToken);

    /// <summary>The same target after a newer reading.</summary>
    public TargetCost With(in TargetReading reading, LoadBaseline baseline) =>
        this with
        {
            BatchSize = Batch(MaxBatchSize, reading.Running, reading.Waiting, reading.KvCacheUsage),
            LoadBeyondLocal = Beyond(reading.Running, reading.Waiting, baseline),
            LocalAtReading = baseline.Requests,
            ColdStartSeconds = Finite(reading.ColdStartSeconds),
        };

    private static double Batch(double most, double running, double waiting, double kvCacheUsage) =>
        kvCacheUsage >= FullCache && waiting > 0 && running >= 1 && running < most ? running : most;

    private static double Beyond(double running, double waiting, LoadBaseline baseline) => Count(running) + Count(waiting) - baseline.Requests;

    private static double Count(double reading) => Math.Min(TargetSet.Or(reading, 0), MaxReportedRequests);

    private static double Finite(double seconds) => double.IsFinite(seconds) ? seconds : double.PositiveInfinity;
}
