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
    IReadOnlyList<Quota> Quotas, IReadOnlyList<AccessRule> Access, IReadOnlyList<string> Sources);

/// <summary>All compiled policies of a routing table.</summary>
public sealed class PolicySet
{
    private readonly PolicyRule[] _rules;
    private readonly PolicyRule[] _prefixRules;

    /// <summary>Orders the rules by priority, then name.</summary>
    public PolicySet(IEnumerable<PolicyRule> rules)
    {
        _rules = [.. rules.OrderByDescending(r => r.Priority).ThenBy(r => r.Name, StringComparer.Ordinal)];
        _prefixRules = Array.FindAll(_rules, r => r.Strategy is { WantsPrefix: true });
    }

    /// <summary>No policies: every request gets the defaults.</summary>
    public static PolicySet Empty { get; } = new([]);

    /// <summary>What a request gets that no policy matches.</summary>
    public static EffectivePolicy Defaults { get; } =
        new(StrategyCatalog.Create(StrategyCatalog.Default), [], HedgeSettings.Default, AdmissionLimits.Default, null, [], [], []);

    /// <summary>Number of rules.</summary>
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

    /// <summary>The policy of one request: per part, the first matching rule that sets it; placement, quota and access rules all apply.</summary>
    public EffectivePolicy Resolve(string model, string tenant, string sloClass)
    {
        IRoutingStrategy? strategy = null;
        HedgeSettings? hedging = null;
        AdmissionLimits? admission = null;
        SloGoals? slo = null;
        List<PlacementRule>? placements = null;
        List<Quota>? quotas = null;
        List<AccessRule>? access = null;
        List<string>? sources = null;
        foreach (var rule in _rules)
        {
            if (!rule.Match.Covers(model, tenant, sloClass)) continue;
            strategy ??= rule.Strategy;
            hedging ??= rule.Hedging;
            admission ??= rule.Admission;
            slo ??= rule.Slo;
            if (rule.Placement is { } placement) (placements ??= []).Add(placement);
            if (rule.Quota is { } quota) (quotas ??= []).Add(quota);
            if (rule.Access is { } allowed) (access ??= []).Add(allowed);
            (sources ??= []).Add($"{rule.Name}@{rule.Version}");
        }
        return sources is null ? Defaults : new(
            strategy ?? Defaults.Strategy, placements ?? Defaults.Placements, hedging ?? Defaults.Hedging, admission ?? Defaults.Admission, slo,
            quotas ?? Defaults.Quotas, access ?? Defaults.Access, sources);
    }
}
