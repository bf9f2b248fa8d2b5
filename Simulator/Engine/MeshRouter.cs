using InferMesh.Simulator.Network;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.World;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Simulator.Engine;

/// <summary>One router: the live decision kernel over what the nodes last said, with counters and strategy of its own. It sees readings and prompts, never the nodes.</summary>
internal sealed class MeshRouter
{
    /// <summary>Simulated time begins here: tick 0 would read as "no reading".</summary>
    private static readonly long Epoch = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private const string Model = "model";
    private const int PicksWithHedge = 3;

    private readonly EffectivePolicy[] _policies;
    private readonly Func<SimRequest, int>? _arm;
    private readonly RankedTarget[] _best;
    private readonly Origin _origin;
    private readonly ulong _seed;
    private readonly double _hedgeShare;
    private readonly bool _knownOutputs;
    private readonly WorkPart _part;
    private readonly MeshRouter? _decode;
    private readonly Fleet _fleet;
    private readonly string[] _tenants;
    private readonly string[] _classes;
    private readonly DecisionRecorder? _recorder;
    private ulong _sequence;
    private long _dispatched, _hedges;

    public MeshRouter(Fleet fleet, NetworkModel network, int cell, Func<IRoutingStrategy[]> strategies, RouterSettings settings)
        : this(fleet, network, cell, strategies(), settings, fleet.Disaggregated ? WorkPart.Prefill : WorkPart.Whole)
    {
        // A strategy of its own: what is learnt of prefilling says nothing of decoding.
        if (fleet.Disaggregated) _decode = new(fleet, network, cell, strategies(), settings with { Hedges = new bool[settings.Hedges.Length] }, WorkPart.Decode);
    }

    private MeshRouter(Fleet fleet, NetworkModel network, int cell, IRoutingStrategy[] strategies, RouterSettings settings, WorkPart part)
    {
        (Cell, _seed, _hedgeShare, _knownOutputs, _arm) = (cell, settings.Seed, settings.HedgeShare, settings.KnownOutputs, settings.Arm);
        (_tenants, _classes, _part, _fleet, _recorder) = (settings.Tenants, settings.SloClasses, part, fleet, settings.Recorder);
        _best = new RankedTarget[settings.Hedges.Contains(true) ? PicksWithHedge : 1];
        _policies = [.. strategies.Select((s, i) => new EffectivePolicy(s, [], HedgeSettings.Default with { Enabled = settings.Hedges[i] }, AdmissionLimits.Default, null, [], [], []))];
        Targets = new(Model, Enumerable.Range(0, fleet.Count).Select(t => Row(fleet, t, network.RttSeconds(cell, fleet.Cell[t], fleet.Node[t]), settings.ColdStartSeconds(t), part)));
        Targets.Track();
        var here = fleet.Identity[fleet.CellStart[cell]];
        _origin = new(here.Zone, here.Region);
    }

    public int Cell { get; }

    /// <summary>Its strategy; in an experiment that of the control.</summary>
    public IRoutingStrategy Strategy => _policies[0].Strategy;

    public TargetSet Targets { get; }

    public ReadOnlySpan<RankedTarget> Best => _best;

    /// <summary>The half of this router that picks among targets that do a part of the work; itself where all do all of it.</summary>
    public MeshRouter For(WorkPart part) => part == WorkPart.Decode ? _decode ?? this : this;

    /// <summary>The half of this router that has a target.</summary>
    public MeshRouter Of(int target) => _decode is null ? this : For(_fleet.PartOf(target));

    public static long Ticks(long ns) => Epoch + ns / 100;

    /// <summary>Simulated seconds of a moment in ticks.</summary>
    public static double Seconds(long ticks) => (ticks - Epoch) / (double)TimeSpan.TicksPerSecond;

    /// <summary>Half of the round trip to a target, nanoseconds.</summary>
    public long HalfRttNs(int target) => SimTime.Ns(Targets.RttSeconds[target] / 2);

    /// <summary>Asks the kernel; the picks are in <see cref="Best"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="payloadBytes">Bytes that travel with it.</param>
    /// <param name="nowNs">Now.</param>
    /// <param name="excluded">Nodes that failed it before.</param>
    /// <param name="demand">Where the target must be.</param>
    public PickResult Decide(in SimRequest request, long payloadBytes, long nowNs, IReadOnlyList<string> excluded, PlacementRule demand)
    {
        var sequence = _sequence++;
        LastRequest = Query(request, payloadBytes, excluded, demand);
        var policy = _policies[ArmOf(request)];
        var result = DecisionKernel.Pick(Targets, LastRequest, policy, Ticks(nowNs), sequence, _seed + sequence, _best);
        if (_recorder is not null) LastDecision = _recorder.Decided(Targets, LastRequest, policy, 0, Ticks(nowNs), sequence, _seed + sequence, result, _best);
        return result;
    }

    /// <summary>Number of the last decision in the recording; 0 when there is none.</summary>
    public long LastDecision { get; private set; }

    /// <summary>The request as the kernel last saw it.</summary>
    public RoutingRequest LastRequest { get; private set; } = new() { Model = Model };

    /// <summary>Books the first attempt of the last decision.</summary>
    public void Dispatch(ref Attempt attempt, in SimRequest request, long nowNs)
    {
        _dispatched++;
        Send(ref attempt, request, nowNs);
    }

    /// <summary>Books a second copy, when the budget allows one.</summary>
    public bool TryHedge(ref Attempt attempt, in SimRequest request, long nowNs)
    {
        if (_hedges + 1 > _hedgeShare * _dispatched) return false;
        _hedges++;
        LastRequest = Query(request, 0, [], PlacementRule.Anywhere);
        Send(ref attempt, request, nowNs);
        return true;
    }

    /// <summary>Takes an attempt off the counters.</summary>
    public void Settle(int target, long nowNs)
    {
        var targets = Of(target).Targets;
        targets.Local[target].Settle(Ticks(nowNs));
        targets.LocalChanged(target);
        _recorder?.Counted(targets, target);
    }

    /// <summary>Tells a strategy that learns what came of an attempt.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="request">The request.</param>
    /// <param name="firstSeconds">From decision to first token, as the router saw it; not a number without one.</param>
    /// <param name="nowNs">Now.</param>
    /// <param name="succeeded">False when it was lost.</param>
    public void Learn(in Attempt attempt, in SimRequest request, double firstSeconds, long nowNs, bool succeeded)
    {
        var part = _fleet.PartOf(attempt.Target);
        var half = Of(attempt.Target);
        var strategy = half._policies[ArmOf(request)].Strategy;
        if (_recorder is null && strategy is not ILearningStrategy) return;
        var (work, sentNs) = (part.Of(request), part == WorkPart.Decode ? attempt.HandedNs : attempt.SentNs);
        var (outputs, e2e) = (succeeded ? work.OutputTokens : attempt.Tokens, (nowNs - sentNs) / 1e9);
        var outcome = new Outcome(
            Targets.Identity[attempt.Target], work.PromptTokens, outputs, attempt.ExpectedSeconds, attempt.LoadAtDispatch, firstSeconds, e2e, succeeded, Ticks(nowNs), request.Prefix)
        {
            BatchAtDispatch = attempt.BatchAtDispatch,
            PrefillBacklogSeconds = attempt.PrefillBacklogSeconds,
        };
        _recorder?.Learned(strategy, half.Targets, outcome);
        _recorder?.Ended(new(attempt.Decision, Ticks(nowNs), succeeded ? RecordedStatus.Success : RecordedStatus.Error, firstSeconds, e2e, work.PromptTokens, outputs));
        if (strategy is ILearningStrategy learning) learning.Completed(outcome);
    }

    /// <summary>Takes a report in, unless a newer one came first.</summary>
    public void Take(int target, in TargetReading reading)
    {
        var targets = Of(target).Targets;
        if (reading.SampledAtTicks < targets.SampledAtTicks[target]) return;
        targets.Update(target, reading);
        _recorder?.Reading(targets, target);
    }

    /// <summary>Something of the target is not here yet: its reading grows old.</summary>
    public void Hold(int target)
    {
        var targets = Of(target).Targets;
        targets.Hold(target);
        _recorder?.Followed(targets, target, follows: false);
    }

    /// <summary>All there is of the target is here.</summary>
    public void Release(int target)
    {
        var targets = Of(target).Targets;
        targets.Release(target);
        _recorder?.Followed(targets, target, follows: true);
    }

    /// <summary>A cell reported that nothing has changed.</summary>
    public void Refresh(int cell, long sampledAtTicks)
    {
        Targets.Refresh(cell, sampledAtTicks);
        _recorder?.Refreshed(Targets, cell, sampledAtTicks);
        _decode?.Refresh(cell, sampledAtTicks);
    }

    private void Send(ref Attempt attempt, in SimRequest request, long nowNs)
    {
        var target = attempt.Target;
        if (_part != WorkPart.Decode) attempt.SentNs = nowNs;
        var ticks = Ticks(nowNs);
        (attempt.LoadAtDispatch, attempt.BatchAtDispatch, attempt.PrefillBacklogSeconds) = (Targets.Load(target), Targets.BatchSize(target), Targets.PrefillBacklogSeconds(target, ticks));
        var prefillSeconds = _part.Of(request).PromptTokens / Targets.PrefillTokensPerSecond[target];
        var strategy = _policies[ArmOf(request)].Strategy;
        _recorder?.Sent(strategy, Targets, LastRequest, target, ticks, _sequence, _seed);
        if (strategy is ILearningStrategy learning)
        {
            var input = new RankingInput(Targets, LastRequest, default, ticks, _sequence, _seed);
            var expected = learning.Explain(input, target);
            (attempt.ExpectedSeconds, prefillSeconds) = (expected.TotalSeconds, expected.PrefillSeconds);
            learning.Dispatched(input, target);
        }
        Targets.Local[target].Dispatch(ticks, prefillSeconds);
        Targets.LocalChanged(target);
        _recorder?.Counted(Targets, target);
    }

    private int ArmOf(in SimRequest request) => _arm is null ? 0 : _arm(request);

    private RoutingRequest Query(in SimRequest request, long payloadBytes, IReadOnlyList<string> excluded, PlacementRule demand) => new()
    {
        Model = Model,
        Tenant = request.Tenant < _tenants.Length ? _tenants[request.Tenant] : "",
        SloClass = request.SloClass >= 0 ? _classes[request.SloClass] : "",
        PromptTokens = _part.Of(request).PromptTokens,
        OutputTokens = _knownOutputs || _part == WorkPart.Prefill ? _part.Of(request).OutputTokens : 0,
        PayloadBytes = payloadBytes,
        Origin = _origin,
        MaxTargets = _best.Length,
        ExcludedNodes = excluded,
        Demand = demand,
        Again = excluded.Count > 0 || _part == WorkPart.Decode,
        Prefix = request.Prefix,
    };

    private static TargetRow Row(Fleet fleet, int target, double rttSeconds, double coldStartSeconds, WorkPart part)
    {
        var capability = fleet.Spec(target).Capability;
        return new()
        {
            Identity = fleet.Identity[target],
            Local = new LocalLoad(),
            Standing = fleet.PartOf(target) == part ? FilterReason.None : FilterReason.RequestFilter,
            Running = 0,
            Waiting = 0,
            KvCacheUsage = 0,
            MaxConcurrency = capability.MaxConcurrency,
            PrefillTokensPerSecond = capability.PrefillTokensPerSecond,
            DecodeTokensPerSecond = capability.DecodeTokensPerSecond,
            MinSecondsPerToken = capability.MinSecondsPerToken,
            RttSeconds = rttSeconds,
            ColdStartSeconds = coldStartSeconds,
            PricePerHour = capability.PricePerHour,
            SampledAtTicks = Epoch,
        };
    }
}

/// <summary>What routers of one run share.</summary>
/// <param name="Seed">Breaks ties.</param>
/// <param name="Hedges">Whether second copies are planned, for each strategy.</param>
/// <param name="HedgeShare">Most of them as a share of requests.</param>
/// <param name="KnownOutputs">Whether the length of answers is told in advance: for the oracle only.</param>
/// <param name="Tenants">Names of tenants.</param>
/// <param name="SloClasses">Names of SLO classes.</param>
/// <param name="ColdStartSeconds">Seconds until a target serves at the start.</param>
/// <param name="Arm">Which of several strategies decides a request; null when there is one.</param>
/// <param name="Recorder">Writes what is decided; null when nobody does.</param>
internal sealed record RouterSettings(
    ulong Seed, bool[] Hedges, double HedgeShare, bool KnownOutputs, string[] Tenants, string[] SloClasses, Func<int, double> ColdStartSeconds, Func<SimRequest, int>? Arm,
    DecisionRecorder? Recorder);
