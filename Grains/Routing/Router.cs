using System.IO.Hashing;
using System.Runtime.InteropServices;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Recording;
using InferMesh.Grains.Routing.Shadows;
using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>Decides, and reserves, from this silo's table. Thread-safe.</summary>
internal sealed class Router(RoutingTableCache cache, ReservationLedger ledger, DecisionSampler sampler, ILocalSiloDetails silo, TimeProvider time, DecisionRecording? recording = null)
{
    private const int MaxText = 256;
    private const int MaxPrefixBlocks = 2048;

    /// <summary>What this silo knows.</summary>
    public RouterStatus Status
    {
        get
        {
            var view = cache.Current;
            return new(silo.SiloAddress.ToString(), view.Table.Version, view.Table.Models.Count, view.Nodes, view.ReadyNodes, view.Table.Policies.Count, ledger.Open);
        }
    }

    /// <summary>What holds for a query now.</summary>
    public EffectivePolicy Policy(RouteQuery query) => cache.Current.Table.Policies.Resolve(query.Model, query.Tenant, query.SloClass, query.Endpoint);

    /// <summary>Which of these nodes cannot answer for the model any more.</summary>
    public IReadOnlyList<string> LostNodes(string model, IReadOnlyList<string> nodeIds)
    {
        var table = cache.Current.Table;
        // A silo that has just started knows of nobody yet.
        if (table.Version == 0) return [];
        if (!table.Models.TryGetValue(model, out var targets)) return nodeIds;
        var lost = nodeIds.ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < targets.Count; i++)
        {
            if (targets.Standing[i] is not (FilterReason.NodeOffline or FilterReason.RuntimeUnhealthy)) lost.Remove(targets.Identity[i].NodeId);
        }
        return [.. lost];
    }

    /// <summary>An answer without a decision behind it.</summary>
    public RouteDecision Refusal(RouteStatus status) => new() { Status = status, DecisionId = ledger.NewId(), Silo = silo.SiloAddress.ToString() };

    /// <summary>Decides; without <paramref name="dryRun"/> a routed request has its place reserved.</summary>
    public RouteDecision Decide(RouteQuery query, bool dryRun)
    {
        using var span = RoutingMetrics.Trace(query);
        var answer = Check(query, dryRun) is { Count: > 0 } errors
            ? new RouteDecision { Status = RouteStatus.Invalid, Errors = errors }
            : Decide(query, dryRun, cache.Current);
        RoutingMetrics.Decided(answer, dryRun);
        span?.SetTag("infermesh.outcome", answer.Status.ToString()).SetTag("infermesh.strategy", answer.Strategy).SetTag("infermesh.table", answer.TableVersion);
        if (answer.Experiment.Length > 0) span?.SetTag("infermesh.experiment", answer.Experiment).SetTag("infermesh.arm", answer.Arm);
        return answer with { Silo = silo.SiloAddress.ToString() };
    }

    /// <summary>Decides each query as it is decided now and as it would be if the policy were in force, experiments going on in both. Nothing is reserved, counted or learned; who is ruled out is not said, as that would be most of the answer.</summary>
    /// <exception cref="ArgumentException">This version does not know the policy's strategy or a parameter.</exception>
    /// <param name="queries">The queries.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="strategies">Makes its strategy.</param>
    public RouteTrial[] Try(IReadOnlyList<RouteQuery> queries, Policy policy, PolicyStrategies strategies)
    {
        var view = cache.Current;
        var (table, experiments) = (view.Table, view.Experiments);
        var routers = table.Models.Values.Select(static m => m.Routers).FirstOrDefault(1);
        var rule = PolicyCompiler.Compile(policy, routers, name => cache.FindQuota(name) ?? new(), strategies);
        var other = new RoutingTable(table.Version, table.Models.Values, table.Policies.With(rule));
        return [.. queries.Select(query => new RouteTrial(Answer(query, table, experiments), Answer(query, other, experiments)))];
    }

    /// <summary>Decides each query as it is decided now and as it would be if a strategy ranked, on one table; says how long both took, all queries together. Nothing is reserved, counted or learned.</summary>
    public (RouteTrial[] Trials, TimeSpan Now, TimeSpan Then) Try(IReadOnlyList<RouteQuery> queries, IRoutingStrategy strategy)
    {
        var view = cache.Current;
        var (table, experiments) = (view.Table, view.Experiments);
        var (now, then) = (TimeSpan.Zero, TimeSpan.Zero);
        var trials = new RouteTrial[queries.Count];
        for (var i = 0; i < trials.Length; i++)
        {
            var start = time.GetTimestamp();
            var usual = Answer(queries[i], table, experiments);
            var middle = time.GetTimestamp();
            trials[i] = new(usual, Answer(queries[i], table, null, strategy));
            now += time.GetElapsedTime(start, middle);
            then += time.GetElapsedTime(middle);
        }
        return (trials, now, then);
    }

    private RouteDecision Decide(RouteQuery query, bool dryRun, TableView view)
    {
        var request = RouteMapping.ToRequest(query);
        // One that is asked for by name is tried alone.
        return Decide(query, request, dryRun, view.Table, explain: dryRun, experiments: query.Strategy.Length > 0 ? null : view.Experiments);
    }

    private RouteDecision Answer(RouteQuery query, RoutingTable under, ExperimentTable? experiments, IRoutingStrategy? strategy = null) => Check(query, dryRun: true) is { Count: > 0 } errors
        ? new() { Status = RouteStatus.Invalid, Errors = errors }
        : Decide(query, RouteMapping.ToRequest(query), dryRun: true, under, explain: false, strategy, query.Strategy.Length > 0 ? null : experiments);

    private RouteDecision Decide(RouteQuery query, RoutingRequest request, bool dryRun, RoutingTable table, bool explain, IRoutingStrategy? strategy = null, ExperimentTable? experiments = null)
    {
        var sequence = cache.Sequence(request.Model, advance: !dryRun);
        var seed = query.RequestId.Length > 0 ? XxHash3.HashToUInt64(MemoryMarshal.AsBytes(query.RequestId.AsSpan())) : sequence;
        if (query.Strategy.Length > 0) strategy ??= StrategyCatalog.Create(query.Strategy);
        var arm = experiments?.ArmOf(request, query.Headers);
        strategy ??= arm?.Strategy;
        var sampled = !dryRun && sampler.IsDue();
        using var turn = dryRun || recording is null ? default : recording.Hold();
        var now = time.GetUtcNow().UtcTicks;
        FallbackWatch.Begin();
        var decision = DecisionKernel.Decide(table, request, now, sequence, seed, explain || sampled, strategy);
        var fellBack = FallbackWatch.FellBack;
        var recorded = dryRun || recording is null ? -1 : recording.Decided(table, request, decision, now, sequence, seed);
        ShadowCase? shadow = null;
        if (sampled) (decision, shadow) = sampler.Look(table, request, decision, now, sequence, seed, fellBack);
        var id = !dryRun && decision.Outcome == DecisionOutcome.Routed ? ledger.Reserve(decision, request, shadow, recorded, arm is null ? null : new ArmRequest(arm, query.Answer, fellBack)) : ledger.NewId();
        var wantsPrefix = table.Policies.WantsPrefix(request.Model) || (experiments?.WantsPrefix(request.Model) ?? false);
        return RouteMapping.ToAnswer(decision, id, wantsPrefix, arm, experiments?.HeadersFor(request.Model) ?? []);
    }

    private static List<FieldError> Check(RouteQuery q, bool dryRun)
    {
        var errors = new List<FieldError>();
        if (q.Model.Length is 0 or > MaxText) errors.Add(new("model", $"must have 1 to {MaxText} characters."));
        if (q.RequestId.Length > MaxText) errors.Add(new("requestId", $"must have at most {MaxText} characters."));
        if (q.Tenant.Length > MaxText) errors.Add(new("tenant", $"must have at most {MaxText} characters."));
        if (q.Session.Length > MaxText) errors.Add(new("session", $"must have at most {MaxText} characters."));
        if (q.PromptTokens < 0) errors.Add(new("promptTokens", "must be 0 or more."));
        if (q.OutputTokens < 0) errors.Add(new("outputTokens", "must be 0 or more."));
        if (q.PayloadBytes < 0) errors.Add(new("payloadBytes", "must be 0 or more."));
        if (q.MaxTargets is < 1 or > RoutingRequest.MaxTargetsLimit) errors.Add(new("maxTargets", $"must be 1 to {RoutingRequest.MaxTargetsLimit}."));
        if (q.Prefix.Length > MaxPrefixBlocks) errors.Add(new("prefix", $"must have at most {MaxPrefixBlocks} blocks."));
        if (q.Headers is { } headers && (headers.Count > ExperimentTable.MaxHeaders || headers.Any(static h => h.Key.Length is 0 or > MaxText || h.Value.Length > MaxText)))
            errors.Add(new("headers", $"must be at most {ExperimentTable.MaxHeaders}, with names and values of at most {MaxText} characters."));
        if (q.Strategy.Length > 0)
        {
            if (!dryRun) errors.Add(new("strategy", "can be tried in a dry run only; live traffic follows the routing policy."));
            else if (StrategyCatalog.Validate(q.Strategy, null) is [var error, ..]) errors.Add(new(error.Field, error.Message));
        }
        return errors;
    }

}
