using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Tests.Benchmarks;

/// <summary>The same rankings as one would write them first: a list of objects, a Where, an OrderBy, a Take.</summary>
internal sealed class NaiveRanking(IReadOnlyList<TargetRow> rows, string strategy)
{
    /// <summary>Strategies that one would write like this; those that learn have no such form.</summary>
    public static IReadOnlyList<string> Strategies { get; } = ["baseline_rr", "least_queue", "heuristic", "mesh"];

    private readonly Func<TargetRow, double> _score = strategy switch
    {
        "baseline_rr" => _ => 0,
        "least_queue" => Load,
        "heuristic" => r => 0.4 * Math.Max(0, Load(r) - r.MaxConcurrency) / r.MaxConcurrency + 0.3 * r.KvCacheUsage + 0.3 * Math.Min(Load(r), r.MaxConcurrency) / r.MaxConcurrency,
        "mesh" => r => Price(r).TotalSeconds,
        _ => throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "has no naive form"),
    };

    public TargetRow[] Rank(int sequence) => strategy == "baseline_rr" ? Turn(sequence) : [.. Eligible().OrderBy(_score).Take(3)];

    private TargetRow[] Turn(int sequence)
    {
        var eligible = Eligible().ToList();
        return [.. Enumerable.Range(sequence, 3).Select(i => eligible[i % eligible.Count])];
    }

    private IEnumerable<TargetRow> Eligible() => rows.Where(r => r.Standing == FilterReason.None);

    private static double Load(TargetRow r) => Math.Max(r.Local.Requests, r.Running + r.Waiting + r.Local.Requests);

    private static CostTerms Price(TargetRow r)
    {
        var load = Load(r);
        var prefill = Fleet.Request.PromptTokens / r.PrefillTokensPerSecond;
        var slope = Math.Max(0, r.MaxConcurrency / r.DecodeTokensPerSecond - r.MinSecondsPerToken) / (r.MaxConcurrency - 1);
        var n = Math.Min(load + 1, r.MaxConcurrency);
        var decode = Fleet.Request.OutputTokens * Math.Max(r.MinSecondsPerToken + slope * (n - 1), n / r.DecodeTokensPerSecond);
        var queue = Math.Max(0, load + 1 - r.MaxConcurrency) * (prefill + decode) / r.MaxConcurrency;
        var sameZone = r.Identity.Zone == Fleet.Request.Origin.Zone;
        var network = r.RttSeconds + Fleet.Request.PayloadBytes / (sameZone ? 3e9 : 1.25e9);
        var age = (Fleet.NowTicks - r.SampledAtTicks) / (double)TimeSpan.TicksPerSecond;
        return new(queue, prefill, decode, network, r.ColdStartSeconds, 0, 0.02 * age * (queue + prefill + decode));
    }
}
