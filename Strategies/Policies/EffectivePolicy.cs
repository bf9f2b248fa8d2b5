using System.Collections.Frozen;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Policies;

/// <summary>Which requests a policy is for; empty lists match all. Entries may end in <c>*</c>.</summary>
/// <param name="Models">Model names.</param>
/// <param name="Tenants">Tenants.</param>
/// <param name="SloClasses">SLO classes.</param>
public sealed record PolicyMatch(IReadOnlyList<string> Models, IReadOnlyList<string> Tenants, IReadOnlyList<string> SloClasses)
{
    /// <summary>Matches every request.</summary>
    public static PolicyMatch Everything { get; } = new([], [], []);

    /// <summary>Whether the policy may be for a request for the model.</summary>
    public bool Covers(string model) => Any(Models, model);

    /// <summary>Whether the policy is for the request.</summary>
    public bool Covers(string model, string tenant, string sloClass) => Any(Models, model) && Any(Tenants, tenant) && Any(SloClasses, sloClass);

    private static bool Any(IReadOnlyList<string> patterns, string value)
    {
        if (patterns.Count == 0) return true;
        for (var i = 0; i < patterns.Count; i++)
        {
            var p = patterns[i];
            if (p.EndsWith('*') ? value.AsSpan().StartsWith(p.AsSpan(0, p.Length - 1), StringComparison.Ordinal) : p == value) return true;
        }
        return false;
    }
}

/// <summary>One compiled policy: each part that is not null replaces the default of the requests it matches.</summary>
/// <param name="Name">Name of the policy.</param>
/// <param name="Version">Its version.</param>
/// <param name="Priority">Higher wins where two policies set the same part; equal priorities fall to the smaller name.</param>
/// <param name="Match">Which requests it is for.</param>
public sealed record PolicyRule(string Name, long Version, int Priority, PolicyMatch Match)
{
    /// <summary>How targets are ordered.</summary>
    public IRoutingStrategy? Strategy { get; init; }

    /// <summary>Where the matched requests may run.</summary>
    public PlacementRule? Placement { get; init; }

    /// <summary>How hedges are planned.</summary>
    public HedgeSettings? Hedging { get; init; }

    /// <summary>When work is refused.</summary>
    public AdmissionLimits? Admission { get; init; }

    /// <summary>Latency goals.</summary>
    public SloGoals? Slo { get; init; }

    /// <summary>How requests wait when all targets are full.</summary>
    public QueueRule? Queue { get; init; }

    /// <summary>How much may be in flight.</summary>
    public Quota? Quota { get; init; }

    /// <summary>Who may.</summary>
    public AccessRule? Access { get; init; }
}

/// <summary>Latency goals of a class of requests.</summary>
/// <param name="TimeToFirstToken">Goal for the time to first token; null when none.</param>
/// <param name="TimePerOutputToken">Goal for the time per output token; null when none.</param>
public sealed record SloGoals(TimeSpan? TimeToFirstToken, TimeSpan? TimePerOutputToken);

/// <summary>What holds for one request.</summary>
/// <param name="Strategy">Orders the targets.</param>
/// <param name="Placements">All placement rules that match: each must allow a target.</param>
/// <param name="Hedging">Plans hedges.</param>
/// <param name="Admission">Refuses work.</param>
/// <param name="Slo">Latency goals; null when none.</param>
/// <param name="Quotas">All limits that match: each must have room.</param>
/// <param name="Access">All access rules that match: each must admit the tenant.</param>
/// <param name="Sources">Names and versions of the policies behind it, as <c>name@version</c>.</param>
public sealed record EffectivePolicy(
    IRoutingStrategy Strategy, IReadOnlyList<PlacementRule> Placements, HedgeSettings Hedging, AdmissionLimits Admission, SloGoals? Slo,
    IReadOnlyList<Quota> Quotas, IReadOnlyList<AccessRule> Access, IReadOnlyList<string> Sources)
{
    /// <summary>How the request waits when all targets are full.</summary>
    public QueueRule Queue { get; init; } = QueueRule.Default;

    /// <summary>Where the work of the request's tenant may run; null for everywhere.</summary>
    public PlacementRule? Residency { get; init; }
}

/// <summary>All compiled policies of a routing table.</summary>
public sealed class PolicySet
{
    private readonly PolicyRule[] _rules;
    private readonly IReadOnlyDictionary<string, PolicyRule> _endpoints;
    private readonly PolicyRule[] _prefixRules;
    private readonly PolicyRule[] _urgentRules;
    private readonly IReadOnlyDictionary<string, PlacementRule>? _residency;

    // What stays free of each batch for requests of a priority above 0: to wait for an answer to end is most of what a request waits.
    private const double ReservedShare = 0.1;
    private static readonly AdmissionLimits Behind = AdmissionLimits.Queueing with { MaxQueuePerTarget = 0, ReservedShare = ReservedShare };

    /// <summary>Orders the rules by priority, then name.</summary>
    /// <param name="rules">Rules of the policies.</param>
    /// <param name="endpoints">Rules of the endpoints, by endpoint: each is only for requests that came by its endpoint, and wins over all policies.</param>
    public PolicySet(IEnumerable<PolicyRule> rules, IReadOnlyDictionary<string, PolicyRule>? endpoints = null)
        : this(rules, endpoints, FrozenDictionary<string, PlacementRule>.Empty)
    {
    }

    /// <summary>The same with tenants whose work may not run everywhere.</summary>
    /// <param name="rules">Rules of the policies.</param>
    /// <param name="endpoints">Rules of the endpoints, by endpoint.</param>
    /// <param name="residency">Where the work of tenants may run, by tenant; null when nobody knows yet: then that of no tenant may run anywhere.</param>
    public PolicySet(IEnumerable<PolicyRule> rules, IReadOnlyDictionary<string, PolicyRule>? endpoints, IReadOnlyDictionary<string, PlacementRule>? residency)
    {
        _residency = residency;
        _endpoints = endpoints ?? new Dictionary<string, PolicyRule>();
        _rules = [.. rules.OrderByDescending(r => r.Priority).ThenBy(r => r.Name, StringComparer.Ordinal)];
        _prefixRules = [.. _rules.Concat(_endpoints.Values).Where(r => r.Strategy is { WantsPrefix: true })];
        _urgentRules = Array.FindAll(_rules, r => r.Queue is { Priority: > 0 });
    }

    /// <summary>No policies: every request gets the defaults.</summary>
    public static PolicySet Empty { get; } = new([]);

    /// <summary>What a request gets that no policy matches.</summary>
    public static EffectivePolicy Defaults { get; } =
        new(StrategyCatalog.Create(StrategyCatalog.Default), [], HedgeSettings.Default, AdmissionLimits.Default, null, [], [], []);

    // No node has such an id.
    private static PlacementRule Nowhere { get; } = PlacementRule.Anywhere with { Nodes = [""] };

    private static EffectivePolicy QueueingDefaults { get; } = Defaults with { Admission = AdmissionLimits.Queueing };

    /// <summary>The same policies with one more, or with another content of one.</summary>
    /// <param name="rule">The one; that of its name does not count beside it.</param>
    public PolicySet With(PolicyRule rule) => new(_rules.Where(r => r.Name != rule.Name).Append(rule), _endpoints, _residency);

    /// <summary>Number of policies.</summary>
    public int Count => _rules.Length;

    /// <summary>Whether a request for the model may meet a strategy that looks at the start of its prompt.</summary>
    public bool WantsPrefix(string model)
    {
        foreach (var rule in _prefixRules)
        {
            if (rule.Match.Covers(model)) return true;
        }
        return false;
    }

    /// <summary>The policy of one request: per part, the first matching rule that sets it; placement, quota and access rules all apply, and so does where the tenant's work may run.</summary>
    public EffectivePolicy Resolve(string model, string tenant, string sloClass, string endpoint = "")
    {
        var policy = ResolveRules(model, tenant, sloClass, endpoint);
        return tenant.Length > 0 && ResidencyOf(tenant) is { } residency ? policy with { Residency = residency } : policy;
    }

    private PlacementRule? ResidencyOf(string tenant) => _residency is null ? Nowhere : _residency.GetValueOrDefault(tenant);

    private EffectivePolicy ResolveRules(string model, string tenant, string sloClass, string endpoint)
    {
        IRoutingStrategy? strategy = null;
        HedgeSettings? hedging = null;
        AdmissionLimits? admission = null;
        SloGoals? slo = null;
        QueueRule? queue = null;
        List<PlacementRule>? placements = null;
        List<Quota>? quotas = null;
        List<AccessRule>? access = null;
        List<string>? sources = null;
        if (endpoint.Length > 0 && _endpoints.TryGetValue(endpoint, out var own)) (strategy, hedging, sources) = (own.Strategy, own.Hedging, [$"{own.Name}@{own.Version}"]);
        foreach (var rule in _rules)
        {
            if (!rule.Match.Covers(model, tenant, sloClass)) continue;
            strategy ??= rule.Strategy;
            hedging ??= rule.Hedging;
            admission ??= rule.Admission;
            slo ??= rule.Slo;
            queue ??= rule.Queue;
            if (rule.Placement is { } placement) (placements ??= []).Add(placement);
            if (rule.Quota is { } quota) (quotas ??= []).Add(quota);
            if (rule.Access is { } allowed) (access ??= []).Add(allowed);
            (sources ??= []).Add($"{rule.Name}@{rule.Version}");
        }
        return sources is null ? Defaults : new(
            strategy ?? Defaults.Strategy, placements ?? Defaults.Placements, hedging ?? Defaults.Hedging, admission ?? Defaults.Admission, slo,
            quotas ?? Defaults.Quotas, access ?? Defaults.Access, sources)
        {
            Queue = queue ?? QueueRule.Default,
        };
    }

    /// <summary>The policy of a request that can wait in the mesh. Limits that a policy sets stay; where requests of a priority above 0 may come, all others leave them a part of each batch.</summary>
    public EffectivePolicy ForQueueing(EffectivePolicy policy, string model)
    {
        var set = !ReferenceEquals(policy.Admission, AdmissionLimits.Default);
        if (policy.Queue.Priority <= 0 && _urgentRules.Length > 0 && Array.Exists(_urgentRules, r => r.Match.Covers(model)))
            return policy with { Admission = set ? policy.Admission with { MaxQueuePerTarget = 0, ReservedShare = ReservedShare } : Behind };
        return set ? policy : ReferenceEquals(policy, Defaults) ? QueueingDefaults : policy with { Admission = AdmissionLimits.Queueing };
    }
}
