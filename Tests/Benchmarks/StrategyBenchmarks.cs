using BenchmarkDotNet.Attributes;
using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks;

/// <summary>
/// What one decision of each strategy costs, with all that belongs to it: the pick among a tracked fleet, what the strategy learns of the dispatch and of an answer, and the load counters.
/// Prompts carry 30 block hashes of 40 shared starts.
/// </summary>
public class StrategyBenchmarks
{
    private TargetSet _targets = null!;
    private IRoutingStrategy _strategy = null!;
    private EffectivePolicy _policy = null!;
    private RoutingRequest[] _requests = null!;
    private ulong _sequence;

    [ParamsSource(nameof(Strategies))]
    public string Strategy { get; set; } = "";

    [Params(512, 131_072)]
    public int Targets { get; set; }

    public static IEnumerable<string> Strategies => StrategyCatalog.All.Select(s => s.Name);

    [GlobalSetup]
    public void Setup()
    {
        _targets = new(Fleet.Model, Fleet.Rows(Targets));
        // The first dispatch to a target makes its history.
        foreach (var local in _targets.Local)
        {
            local.Dispatch(Fleet.NowTicks, 0);
            local.Settle(Fleet.NowTicks);
        }
        _targets.Track();
        _strategy = StrategyCatalog.Create(Strategy);
        _policy = PolicySet.Defaults with { Strategy = _strategy };
        _requests = [.. Enumerable.Range(1, 40).Select(i => Fleet.Request with { Prefix = Enumerable.Range(1, 30).Select(b => (ulong)(i * 1000 + b) * 0x9E3779B97F4A7C15UL).ToArray() })];
        for (var i = 0; i < 3000; i++) Decide();
    }

    [Benchmark]
    public int Decide()
    {
        Span<RankedTarget> best = stackalloc RankedTarget[1];
        var turn = _sequence++;
        var request = _requests[turn % 40];
        var result = DecisionKernel.Pick(_targets, request, _policy, Fleet.NowTicks, turn, turn * 0x9E3779B9UL, best);
        var target = best[0].Target;
        if (_strategy is ILearningStrategy learning)
        {
            learning.Dispatched(new(_targets, request, [], Fleet.NowTicks, turn, turn), target);
            learning.Completed(new(_targets.Identity[target], 700, 200, 2, _targets.Load(target), 0.1, 2, true, Fleet.NowTicks, request.Prefix));
        }
        _targets.Local[target].Dispatch(Fleet.NowTicks, 0.02);
        _targets.LocalChanged(target);
        if (turn % 8 == 7) Settle(target);
        return result.Count;
    }

    // Now and then a target becomes empty, so that a long run does not fill the fleet.
    private void Settle(int target)
    {
        while (_targets.Local[target].Requests > 0) _targets.Local[target].Settle(Fleet.NowTicks);
        _targets.LocalChanged(target);
    }
}
