using InferMesh.Strategies;
using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

[assembly: StrategyPlugin(1, typeof(InferMesh.Plugins.HybridMesh.HybridMeshPlugin))]

namespace InferMesh.Plugins.HybridMesh;

/// <summary>hybrid_mesh as a plugin: the example, and the proof that the contract says enough.</summary>
public sealed class HybridMeshPlugin : IRoutingPlugin
{
    /// <inheritdoc/>
    public StrategyDescription Description { get; } =
        StrategyCatalog.All.Single(s => s.Name == "hybrid_mesh") with { Name = "hybrid_mesh_plugin", Description = "hybrid_mesh as a .NET plugin." };

    /// <inheritdoc/>
    public IRoutingStrategy Create(IReadOnlyDictionary<string, double> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var cost = new CostModel
        {
            NetworkWeight = parameters["network_weight"],
            ColdStartWeight = parameters["cold_start_weight"],
            SecondsPerDollar = parameters["seconds_per_dollar"],
            ThroughputWeight = parameters["throughput_weight"],
            UncertaintyPerSecond = parameters["uncertainty_per_second"],
        };
        var learned = new ServiceCorrections(parameters["learning_rate"], parameters["max_correction"], parameters["memory_seconds"]);
        return new HybridMeshStrategy(cost, learned, parameters["tail_weight"], parameters["failure_seconds"]);
    }
}

internal sealed class HybridMeshStrategy(CostModel cost, ServiceCorrections learned, double tailWeight, double failureSeconds) : ILearningStrategy
{
    public string Name => "hybrid_mesh_plugin";

    public int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        var top = new TopK(best, input.Seed, input.Targets);
        if (input.Targets.Count <= Shortlist.SmallSet)
        {
            for (var target = 0; target < input.Filter.Length; target++)
            {
                if (input.Filter[target] == FilterReason.None) top.Offer(target, Explain(input, target).TotalSeconds);
            }
            return top.Count;
        }
        // Two stages: the best by plain cost, then those with what was learned.
        Span<RankedTarget> plain = stackalloc RankedTarget[Shortlist.Size];
        foreach (var pick in plain[..Shortlist.Rank(cost, input, plain)]) top.Offer(pick.Target, Explain(input, pick.Target).TotalSeconds);
        return top.Count;
    }

    public CostTerms Explain(in RankingInput input, int target)
    {
        var terms = cost.Price(input, target);
        var correction = learned.Of(input, target);
        var queue = terms.QueueSeconds * correction.FirstTokenFactor;
        var prefill = terms.PrefillSeconds * correction.FirstTokenFactor;
        var risk = tailWeight * correction.Spread * (queue + prefill) + failureSeconds * correction.FailureShare;
        return terms with
        {
            QueueSeconds = CostModel.Bounded(queue),
            PrefillSeconds = CostModel.Bounded(prefill),
            DecodeSeconds = CostModel.Bounded(terms.DecodeSeconds * correction.DecodeFactor),
            UncertaintySeconds = CostModel.Bounded(terms.UncertaintySeconds + risk),
            BalanceSeconds = CostModel.Bounded(cost.Balance(input, target, prefill, correction.DecodeFactor)),
        };
    }

    public void Dispatched(in RankingInput input, int target) => learned.Meet(input.Targets);

    public void Completed(in Outcome outcome) => learned.Observe(outcome);
}
