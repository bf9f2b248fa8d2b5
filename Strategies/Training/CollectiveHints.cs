using System.Globalization;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Training;

/// <summary>One step of a job, as far as its collectives matter.</summary>
/// <param name="GpusPerWorker">GPUs of each worker, each a rank; 1 or more.</param>
/// <param name="ComputeSeconds">Seconds of computing, 0 or more; what of the exchange goes on beside it counts there.</param>
/// <param name="GradientBytes">Bytes that each rank reduces with the others, 0 or more.</param>
public sealed record TrainingStep(int GpusPerWorker, double ComputeSeconds, double GradientBytes);

/// <summary>Links of a fabric, each as the time of one message over it.</summary>
/// <param name="Within">Between GPUs of one node.</param>
/// <param name="Between">Between nodes, by the coarsest level whose domains they differ in.</param>
public sealed record CollectiveFabric(AlphaBeta Within, IReadOnlyDictionary<TopologyLevel, AlphaBeta> Between)
{
    /// <summary>The figures of the link classes, where nobody has measured: half a round trip and the bytes per second.</summary>
    public static CollectiveFabric Unmeasured { get; } = new(Of(LinkClass.NvLink), new Dictionary<TopologyLevel, AlphaBeta>
    {
        [TopologyLevel.Region] = Of(LinkClass.Wan),
        [TopologyLevel.Zone] = Of(LinkClass.Region),
        [TopologyLevel.Cell] = Of(LinkClass.Zone),
        [TopologyLevel.Rack] = Of(LinkClass.Zone),
        [TopologyLevel.NvlinkIsland] = Of(LinkClass.Rack),
        [TopologyLevel.Node] = Of(LinkClass.NvLink),
    });

    /// <summary>The link of a level; where it is not measured, that of its class.</summary>
    internal AlphaBeta Link(TopologyLevel level) => Between.TryGetValue(level, out var link) ? link : Unmeasured.Between[level];

    private static AlphaBeta Of(LinkClass link) => new(LinkClasses.Of(link).RttSeconds / 2, 1 / LinkClasses.Of(link).BytesPerSecond);
}

/// <summary>How the ranks of a placed gang best exchange their gradients.</summary>
public sealed record CollectiveHint
{
    /// <summary>Groups in the order of ranks.</summary>
    public required IReadOnlyList<WorkerGroup> RankOrder { get; init; }

    /// <summary>The fastest algorithm by size.</summary>
    public required IReadOnlyList<CollectiveRange> Ranges { get; init; }

    /// <summary>Up to which size gradients are better fused; null when no size up to 8 GiB is large enough.</summary>
    public long? FusionBytes { get; init; }

    /// <summary>Half as many bytes between nodes would save a twentieth of a step or more: compression is worth its price.</summary>
    public bool Compress { get; init; }

    /// <summary>Seconds of computing in a step.</summary>
    public double ComputeSeconds { get; init; }

    /// <summary>Seconds of the all-reduce in a step.</summary>
    public double ExchangeSeconds { get; init; }

    /// <summary>Seconds of a step.</summary>
    public double StepSeconds => ComputeSeconds + ExchangeSeconds;

    /// <summary>Variables for NCCL. Only what holds for every size from <see cref="FusionBytes"/> on is forced; the rest NCCL finds better by itself.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
}

/// <summary>Makes hints. Pure: the same placement and links give the same hint.</summary>
public static class CollectiveHints
{
    private const double WorthIt = 0.05;
    private const long Large = 256 << 10;

    // NCCL's own: NCCL_BUFFSIZE of each channel, and the channels that it has at least (user guide, "Environment Variables").
    private const double NcclBufferBytes = 4 << 20;
    private const int NcclChannels = 2;
    private const int MaxChannels = 32;

    // A new hint makes a job set its communicators up again.
    private const double Notable = 0.1;

    /// <summary>The hint for a gang.</summary>
    /// <param name="placement">Where it is; not a failed one.</param>
    /// <param name="step">Its step.</param>
    /// <param name="fabric">Links, as measured last.</param>
    public static CollectiveHint For(GangPlacement placement, TrainingStep step, CollectiveFabric fabric)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(fabric);
        if (placement.Groups.Count == 0) throw new ArgumentException("The gang has no placement.", nameof(placement));
        var nodes = placement.Groups.Count;
        // Rings wait for the node with the most ranks, whose links they share.
        var ranks = placement.Groups.Max(static g => g.Workers) * step.GpusPerWorker;
        var links = Links(placement, fabric);
        var ranges = CollectivePlanner.Plan(nodes, ranks, links);
        var fusion = CollectivePlanner.FusionBytes(nodes, ranks, links);
        var exchange = Exchange(nodes, ranks, step.GradientBytes, links);
        var halved = Exchange(nodes, ranks, step.GradientBytes, links with { Between = links.Between with { SecondsPerByte = links.Between.SecondsPerByte / 2 } });
        return new()
        {
            RankOrder = placement.Groups,
            Ranges = ranges,
            FusionBytes = fusion,
            Compress = nodes > 1 && exchange - halved >= WorthIt * (step.ComputeSeconds + exchange),
            ComputeSeconds = step.ComputeSeconds,
            ExchangeSeconds = exchange,
            Environment = Environment(ranges, fusion, nodes > 1 ? links.Between : null),
        };
    }

    /// <summary>A hint whose algorithms were chosen elsewhere, with the variables for NCCL that follow from them.</summary>
    /// <param name="placement">Where the gang is; not a failed one.</param>
    /// <param name="step">Its step.</param>
    /// <param name="fabric">Links, as measured last.</param>
    /// <param name="ranges">The fastest algorithm by size, from 0 on.</param>
    /// <param name="fusionBytes">Up to which size gradients are better fused; null when none is.</param>
    /// <param name="compress">Whether compression is worth its price.</param>
    /// <param name="exchangeSeconds">Seconds of the all-reduce in a step.</param>
    public static CollectiveHint Of(GangPlacement placement, TrainingStep step, CollectiveFabric fabric, IReadOnlyList<CollectiveRange> ranges, long? fusionBytes, bool compress, double exchangeSeconds)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(ranges);
        return new()
        {
            RankOrder = placement.Groups,
            Ranges = ranges,
            FusionBytes = fusionBytes,
            Compress = compress,
            ComputeSeconds = step.ComputeSeconds,
            ExchangeSeconds = exchangeSeconds,
            Environment = Environment(ranges, fusionBytes, placement.Groups.Count > 1 ? Links(placement, fabric).Between : null),
        };
    }

    /// <summary>The links that a gang's ranks use: within a node, and of the coarsest level that its ring crosses.</summary>
    public static CollectiveLinks Links(GangPlacement placement, CollectiveFabric fabric)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(fabric);
        return new(fabric.Within, fabric.Link(placement.CrossEdges.Where(static e => e.Value > 0).Select(static e => e.Key).DefaultIfEmpty(TopologyLevel.Node).Min()));
    }

    /// <summary>Whether a job should hear of a newer hint: its algorithm, fusion or compression changed, or its step takes a tenth longer or shorter.</summary>
    public static bool Differs(CollectiveHint old, CollectiveHint now)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(now);
        return old.Compress != now.Compress || old.FusionBytes != now.FusionBytes || !old.RankOrder.SequenceEqual(now.RankOrder)
            || !old.Environment.OrderBy(static e => e.Key, StringComparer.Ordinal).SequenceEqual(now.Environment.OrderBy(static e => e.Key, StringComparer.Ordinal))
            || Math.Abs(now.StepSeconds - old.StepSeconds) > Notable * old.StepSeconds;
    }

    private static double Exchange(int nodes, int ranks, double bytes, CollectiveLinks links) =>
        Enum.GetValues<CollectiveAlgorithm>().Where(a => a != CollectiveAlgorithm.Hierarchical || (nodes > 1 && ranks > 1)).Min(a => CollectivePlanner.Seconds(a, nodes, ranks, bytes, links));

    private static Dictionary<string, string> Environment(IReadOnlyList<CollectiveRange> ranges, long? fusion, AlphaBeta? between)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var from = fusion ?? 0;
        var used = ranges.Where((r, i) => i == ranges.Count - 1 || ranges[i + 1].FromBytes > from).Select(static r => NcclName(r.Algorithm)).Distinct().ToArray();
        if (used is [var only]) variables["NCCL_ALGO"] = only;
        if (between is not { } link) return variables;
        // LL sends a flag with every four bytes: half of what a link carries. Where all that is sent is large, that half is worth more than its low latency.
        if (from >= Large) variables["NCCL_PROTO"] = "^LL";
        if (Channels(link) is > NcclChannels and var channels) variables["NCCL_MIN_NCHANNELS"] = channels.ToString(CultureInfo.InvariantCulture);
        return variables;
    }

    /// <summary>Channels whose buffers hold what is on its way while the answer is: the product of bandwidth and round trip.</summary>
    private static int Channels(AlphaBeta link) =>
        link.SecondsPerByte > 0 ? (int)Math.Clamp(Math.Ceiling(2 * link.AlphaSeconds / link.SecondsPerByte / NcclBufferBytes), 1, MaxChannels) : 1;

    // NCCL's trees run as chains within a node: its way of going through nodes first.
    private static string NcclName(CollectiveAlgorithm algorithm) => algorithm == CollectiveAlgorithm.Ring ? "Ring" : "Tree";
}
