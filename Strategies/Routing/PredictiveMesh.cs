using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// The mesh on the load that a target will have when the request starts there, not on the load that it had when it was last read. The forecast is made of the trend of what
/// others send and of this router's own rates of dispatch and completion.
/// </summary>
internal sealed class PredictiveMesh(CostModel cost, LoadForecast forecast) : PricedStrategy(cost), ILearningStrategy
{
    public override string Name => "predictive_mesh";

    protected override bool Shortlists => true;

    public void Dispatched(in RankingInput input, int target) => forecast.Dispatched(input, target);

    public void Completed(in Outcome outcome) => forecast.Completed(outcome);

    protected override CostTerms Price(in RankingInput input, int target)
    {
        // It starts after it has got there and has waited for a place, which the load of now tells well enough.
        var now = Cost.Price(input, target);
        return Cost.Price(input, target, new(forecast.Load(input, target, now.NetworkSeconds / 2 + now.QueueSeconds)));
    }
}
