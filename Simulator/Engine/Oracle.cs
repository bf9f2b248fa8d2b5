using InferMesh.Simulator.Service;
using InferMesh.Simulator.World;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Simulator.Engine;

/// <summary>
/// The practical bound: it knows what is on every target at this moment, on the way included, and how long every answer will be. It takes the target where the request and
/// what it delays together lose the least time. Greedy, so it is no proof of optimality. All routers share it. It looks at every target: not for large fleets.
/// </summary>
internal sealed class Oracle(Fleet fleet) : IRoutingStrategy
{
    private readonly int[] _requests = new int[fleet.Count];
    private readonly double[] _prefillSeconds = new double[fleet.Count];
    private readonly double[] _decodeTokens = new double[fleet.Count];
    private readonly double[] _prefillUntil = new double[fleet.Count];

    public string Name => "oracle";

    /// <summary>A request goes to a target.</summary>
    public void Sent(int target, in SimRequest request, long nowNs)
    {
        Book(target, request, 1);
        _prefillUntil[target] = Math.Max(_prefillUntil[target], nowNs / 1e9) + PrefillSeconds(target, request);
    }

    /// <summary>A request is on a target no more.</summary>
    public void Ended(int target, in SimRequest request) => Book(target, request, -1);

    public int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        var top = new TopK(best, input.Seed, input.Targets);
        for (var target = 0; target < fleet.Count; target++)
        {
            if (input.Filter[target] == FilterReason.None) top.Offer(target, Score(input, target));
        }
        return top.Count;
    }

    public CostTerms Explain(in RankingInput input, int target) => default;

    private void Book(int target, in SimRequest whole, int sign)
    {
        var request = fleet.PartOf(target).Of(whole);
        _requests[target] += sign;
        _prefillSeconds[target] += sign * PrefillSeconds(target, whole);
        _decodeTokens[target] += sign * (double)request.OutputTokens;
        if (_requests[target] == 0) (_prefillSeconds[target], _decodeTokens[target]) = (0, 0);
    }

    private double PrefillSeconds(int target, in SimRequest request) =>
        fleet.PartOf(target).Of(request).PromptTokens / fleet.Spec(target).Capability.PrefillTokensPerSecond;

    private double Score(in RankingInput input, int target)
    {
        var capability = fleet.Spec(target).Capability;
        double n = _requests[target];
        var batch = Math.Max(1, capability.MaxConcurrency);
        var prefill = input.Request.PromptTokens / capability.PrefillTokensPerSecond;
        var (step, stepBefore) = (SecondsPerToken(capability, Math.Min(n + 1, batch)), SecondsPerToken(capability, Math.Min(Math.Max(1, n), batch)));
        // Beyond the batch a place comes free when a share of the work that is there is done.
        var work = _prefillSeconds[target] + _decodeTokens[target] / capability.DecodeTokensPerSecond;
        var wait = n + 1 > batch ? work * (n + 1 - batch) / n : 0;
        var mean = n > 0 ? _decodeTokens[target] / n : 0;
        var prompts = n > 0 ? Math.Max(0, _prefillUntil[target] - MeshRouter.Seconds(input.NowTicks)) : 0;
        var own = wait + prompts + prefill + input.Request.OutputTokens * step;
        var slack = Math.Max(0, capability.MinSecondsPerToken - n / capability.PrefillTokensPerSecond);
        var holdUp = Math.Max(0, prompts + prefill - slack) - Math.Max(0, prompts - slack);
        var others = Math.Min(n, batch) * (holdUp + Math.Min(mean, input.Request.OutputTokens) * (step - stepBefore));
        return input.Targets.RttSeconds[target] + input.Targets.ColdStartSeconds[target] + own + others;
    }

    private static double SecondsPerToken(EngineCapability c, double n)
    {
        var full = c.MaxConcurrency / c.DecodeTokensPerSecond;
        var slope = c.MaxConcurrency > 1 ? Math.Max(0, full - c.MinSecondsPerToken) / (c.MaxConcurrency - 1) : 0;
        return Math.Max(c.MinSecondsPerToken + slope * (n - 1), n / c.DecodeTokensPerSecond);
    }
}
