using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>
/// A fleet that answers a strategy: each request takes what the cost model expects of its target at the load it finds, times the target's true slowness. Readings never
/// change, so that all a strategy learns it learns from answers and its own counters.
/// </summary>
internal sealed class LearningFleet
{
    private readonly PriorityQueue<(int Target, Outcome Outcome), long> _running = new();
    private readonly CostModel _truth = new();
    private readonly Func<string, double> _slowness;
    private readonly int _requests;
    private long _now = NowTicks;
    private ulong _sequence;

    public LearningFleet(string strategy, TargetRow[] rows, Func<string, double> slowness) : this(StrategyCatalog.Create(strategy), rows, slowness)
    {
    }

    public LearningFleet(IRoutingStrategy strategy, TargetRow[] rows, Func<string, double> slowness, int perSecond = 40)
    {
        (Strategy, Targets, _slowness, _requests) = (strategy, new(Model, rows), slowness, perSecond);
    }

    public IRoutingStrategy Strategy { get; }

    public TargetSet Targets { get; set; }

    /// <summary>Sends requests at an even pace and says how many each target got.</summary>
    public Dictionary<string, int> Send(int requests, bool answer = true, Func<string, bool>? succeeds = null)
    {
        var counts = Targets.Identity.ToDictionary(t => t.NodeId, _ => 0);
        Span<RankedTarget> best = stackalloc RankedTarget[1];
        for (var i = 0; i < requests; i++)
        {
            _now += TimeSpan.TicksPerSecond / _requests;
            Settle(answer);
            var request = Request(1) with { PromptTokens = 300 + (int)(_sequence * 37 % 400), OutputTokens = 100 };
            var input = new RankingInput(Targets, request, new FilterReason[Targets.Count], _now, _sequence, _sequence * 0x9E3779B9UL);
            _sequence++;
            if (Strategy.Rank(input, best) == 0) continue;
            var target = best[0].Target;
            var terms = _truth.Price(input, target);
            var slow = _slowness(Targets.Identity[target].NodeId);
            var ttft = terms.TimeToFirstTokenSeconds * slow;
            var e2e = ttft + terms.DecodeSeconds * slow;
            var outcome = new Outcome(
                Targets.Identity[target], request.PromptTokens, request.OutputTokens, terms.TotalSeconds, Targets.Load(target), ttft, e2e,
                succeeds?.Invoke(Targets.Identity[target].NodeId) ?? true, _now + (long)(e2e * TimeSpan.TicksPerSecond), request.Prefix);
            (Strategy as ILearningStrategy)?.Dispatched(input, target);
            Targets.Local[target].Dispatch(_now, terms.PrefillSeconds);
            _running.Enqueue((target, outcome), outcome.CompletedAtTicks);
            counts[Targets.Identity[target].NodeId]++;
        }
        return counts;
    }

    private void Settle(bool answer)
    {
        while (_running.TryPeek(out var next, out var at) && at <= _now)
        {
            _running.Dequeue();
            var row = Array.FindIndex(Targets.Identity, t => t.NodeId == next.Outcome.Target.NodeId);
            if (row >= 0) Targets.Local[row].Settle(at);
            if (answer) (Strategy as ILearningStrategy)?.Completed(next.Outcome);
        }
    }
}
