using System.Runtime.Intrinsics;
using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// The mesh with a will to balance that grows with pressure. An idle fleet is routed by latency alone; the busier it is as a whole, the more an uneven load costs, since
/// readings err most where the batches are full. Both extra terms are seconds of the request's own service.
/// </summary>
/// <param name="cost">Cost model.</param>
/// <param name="balanceWeight">Weight of occupancy at pressure 1; it grows with the square of pressure.</param>
/// <param name="spreadWeight">Weight of this router's own share at pressure 1; it grows with pressure.</param>
/// <param name="smoothingSeconds">Time constant of the pressure.</param>
internal sealed class AdaptiveMesh(CostModel cost, double balanceWeight, double spreadWeight, double smoothingSeconds) : PricedStrategy(cost), ILearningStrategy, IFixedScore
{
    private const double Rounding = 1 - 1e-12;

    private readonly TargetMemory<Nothing, PressureGauge> _memory = new(() => new(smoothingSeconds));

    public override string Name => "adaptive_mesh";

    public void Dispatched(in RankingInput input, int target) => _memory.For(input.Targets).Model.Observe(input);

    public void Completed(in Outcome outcome)
    {
        // Pressure is read off loads, not off answers.
    }

    protected override int PreparedNumbers => 1;

    protected override void Prepare(in RankingInput input, Span<double> numbers) => numbers[0] = _memory.For(input.Targets).Model.Read(input);

    protected override CostTerms Price(in RankingInput input, int target)
    {
        var pressure = input.Prepared[0];
        var t = input.Targets;
        var terms = Cost.Price(input, target);
        var service = terms.PrefillSeconds + terms.DecodeSeconds;
        var batch = t.BatchSize(target);
        var balance = balanceWeight * pressure * pressure * t.Load(target) / batch + spreadWeight * pressure * t.Local[target].Requests / batch;
        return terms with { BalanceSeconds = CostModel.Bounded(terms.BalanceSeconds + service * balance) };
    }

    /// <summary>Occupancy, over what a wait for a place in the batch makes of a time per token: bounds have the product of those two.</summary>
    public double Of(TargetSet targets, int target)
    {
        var (batch, load) = (targets.BatchSize(target), targets.Load(target));
        return load / batch / (1 + Math.Max(0, load + 1 - batch) / batch);
    }

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        Cost.LowerBounds(input, runs, bounds);
        var weight = balanceWeight * input.Prepared[0] * input.Prepared[0];
        var request = input.Request;
        if (!ReferenceEquals(runs.Tree.Fixed, this) || !(weight > 0) || request.PromptTokens < 0) return;
        var most = Vector512.Create(CostModel.MaxTermSeconds);
        var (prompt, output) = (Vector512.Create((double)request.PromptTokens), Vector512.Create(CostModel.ExpectedOutput(request)));
        for (var half = 0; half < 2; half++)
        {
            var service = Vector512.MinNative(
                prompt * runs.Half(BoundColumn.Prefill, half) + output * runs.Half(BoundColumn.Step, half),
                prompt * runs.Half(BoundColumn.BusyPrefill, half) + output * runs.Half(BoundColumn.BusyStep, half));
            var balance = Vector512.MinNative(most, Vector512.MinNative(most, service) * runs.Half(BoundColumn.Score, half) * (weight * Rounding));
            var part = bounds.Slice(half * Vector512<double>.Count, Vector512<double>.Count);
            (Vector512.Create<double>(part) + balance).CopyTo(part);
        }
    }

    private readonly record struct Nothing;
}
