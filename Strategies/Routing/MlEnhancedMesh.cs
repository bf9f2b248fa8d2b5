using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// The mesh with a learned latency model on top: queue, prefill and decode are multiplied by what past answers say of such a request on such a target. Bounded, explored by
/// seeded chance (Thompson 1933), and the plain mesh until it has seen enough answers.
/// </summary>
/// <param name="cost">Cost model.</param>
/// <param name="model">The model.</param>
/// <param name="exploration">How far chance moves the model, in its own doubts.</param>
/// <param name="maxFactor">Factors lie in 1 / maxFactor to maxFactor.</param>
/// <param name="minAnswers">Answers before the model counts.</param>
internal sealed class MlEnhancedMesh(CostModel cost, LatencyModel model, double exploration, double maxFactor, double minAnswers) : PricedStrategy(cost), ILearningStrategy
{
    private readonly double _maxLog = Math.Log(maxFactor);

    public override string Name => "ml_enhanced_mesh";

    protected override bool Shortlists => true;

    protected override int PreparedNumbers => LatencyModel.Features + 1;

    public void Dispatched(in RankingInput input, int target) => model.Dispatched(input, target);

    public void Completed(in Outcome outcome) => model.Completed(outcome);

    protected override void Prepare(in RankingInput input, Span<double> numbers) => model.Draw(input, exploration, numbers);

    protected override CostTerms Price(in RankingInput input, int target)
    {
        var terms = Cost.Price(input, target);
        var weights = input.Prepared;
        if (weights[LatencyModel.Features] < minAnswers) return terms;

        Span<double> features = stackalloc double[LatencyModel.Features];
        LatencyModel.Describe(input, target, features);
        var late = model.Own(input, target, exploration);
        for (var i = 0; i < features.Length; i++) late += weights[i] * features[i];
        var factor = Math.Exp(Math.Clamp(late, -_maxLog, _maxLog));
        return terms with
        {
            QueueSeconds = CostModel.Bounded(terms.QueueSeconds * factor),
            PrefillSeconds = CostModel.Bounded(terms.PrefillSeconds * factor),
            DecodeSeconds = CostModel.Bounded(terms.DecodeSeconds * factor),
        };
    }
}
