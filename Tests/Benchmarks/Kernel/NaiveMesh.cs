using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Tests.Benchmarks.Kernel;

/// <summary>The best three as one would write it first: a list of objects, a Where, an OrderBy, a Take. It checks no reading for nonsense.</summary>
internal static class NaiveMesh
{
    /// <summary>The default ones.</summary>
    public static CostModel Weights { get; } = new();

    public static TargetRow[] Best(TargetRow[] rows, RoutingRequest request, CostModel weights) =>
        [.. rows.Where(r => r.Standing == FilterReason.None && Load(r) < r.MaxConcurrency + 64).OrderBy(r => Seconds(r, request, weights)).Take(3)];

    public static TargetRow[] LeastLoaded(TargetRow[] rows) =>
        [.. rows.Where(r => r.Standing == FilterReason.None && Load(r) < r.MaxConcurrency + 64).OrderBy(Load).Take(3)];

    private static double Load(TargetRow r) => r.Running + r.Waiting + r.Local.Requests;

    private static double Seconds(TargetRow r, RoutingRequest request, CostModel weights)
    {
        var load = Load(r);
        var prefill = request.PromptTokens / r.PrefillTokensPerSecond;
        var slope = Math.Max(0, r.MaxConcurrency / r.DecodeTokensPerSecond - r.MinSecondsPerToken) / (r.MaxConcurrency - 1);
        var n = Math.Min(load + 1, r.MaxConcurrency);
        var decode = request.OutputTokens * Math.Max(r.MinSecondsPerToken + slope * (n - 1), n / r.DecodeTokensPerSecond);
        var queue = Math.Max(0, load + 1 - r.MaxConcurrency) * (prefill + decode) / r.MaxConcurrency;
        var age = (KernelFleet.NowTicks - r.SampledAtTicks) / (double)TimeSpan.TicksPerSecond;
        var money = weights.SecondsPerDollar * r.PricePerHour / 3600 * (prefill + request.OutputTokens / r.DecodeTokensPerSecond);
        return queue + prefill + decode + weights.NetworkWeight * r.RttSeconds + weights.ColdStartWeight * r.ColdStartSeconds + money + weights.UncertaintyPerSecond * age * (queue + prefill + decode);
    }
}
