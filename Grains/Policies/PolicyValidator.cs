using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Common;
using InferMesh.Strategies;

namespace InferMesh.Grains.Policies;

/// <summary>Checks the content of a policy: all errors at once, each with the path of its field.</summary>
internal static class PolicyValidator
{
    private const int MaxEntries = 1000;
    private const int MaxText = 256;

    public static IReadOnlyList<FieldError> Check(string name, PolicySpec spec)
    {
        var errors = new List<FieldError>();
        if (NameRules.Check("name", name) is { } badName) errors.Add(badName);
        if (!Enum.IsDefined(spec.Kind)) errors.Add(new("kind", "is not a kind of policy."));
        Range(errors, "priority", spec.Priority, -1000, 1000);
        if (spec.Description.Length > 1000) errors.Add(new("description", "must have at most 1000 characters."));
        Patterns(errors, "models", spec.Models);
        Patterns(errors, "tenants", spec.Tenants);
        Patterns(errors, "sloClasses", spec.SloClasses);
        Parts(errors, spec);
        if (spec.Placement is { } placement) Placement(errors, placement);
        if (spec.Routing is { } routing) Routing(errors, routing);
        if (spec.Hedging is { } hedging) Hedging(errors, hedging);
        if (spec.Slo is { } slo) Slo(errors, slo);
        if (spec.Quota is { } quota) Range(errors, "quota.maxConcurrentRequests", quota.MaxConcurrentRequests, 1, 1_000_000);
        if (spec.Security is { } security) Security(errors, security);
        return errors;
    }

    private static void Parts(List<FieldError> errors, PolicySpec spec)
    {
        (PolicyKind Kind, bool Given)[] parts =
        [
            (PolicyKind.Placement, spec.Placement is not null), (PolicyKind.Routing, spec.Routing is not null), (PolicyKind.Hedging, spec.Hedging is not null),
            (PolicyKind.Slo, spec.Slo is not null), (PolicyKind.Quota, spec.Quota is not null), (PolicyKind.Security, spec.Security is not null),
        ];
        foreach (var (kind, given) in parts)
        {
            var field = kind.ToString().ToLowerInvariant();
            if (kind == spec.Kind && !given) errors.Add(new(field, $"is required for a policy of kind {field}."));
            if (kind != spec.Kind && given) errors.Add(new(field, $"does not belong to a policy of kind {spec.Kind.ToString().ToLowerInvariant()}."));
        }
    }

    private static void Placement(List<FieldError> errors, PlacementSpec p)
    {
        Names(errors, "placement.nodes", p.Nodes);
        Names(errors, "placement.cells", p.Cells);
        Names(errors, "placement.zones", p.Zones);
        Names(errors, "placement.regions", p.Regions);
        if (p.Labels.Any(l => l.Key.Length is 0 or > MaxText || l.Value is null || l.Value.Length > MaxText)) errors.Add(new("placement.labels", $"names and values must be texts of 1 to {MaxText} characters."));
        if (p.Nodes.Count + p.Cells.Count + p.Zones.Count + p.Regions.Count + p.Labels.Count == 0) errors.Add(new("placement", "must name nodes, cells, zones, regions or labels."));
    }

    private static void Routing(List<FieldError> errors, RoutingSpec r) =>
        errors.AddRange(StrategyCatalog.Validate(r.Strategy, r.Parameters).Select(e => new FieldError($"routing.{e.Field}", e.Message)));

    private static void Hedging(List<FieldError> errors, HedgingSpec h)
    {
        Range(errors, "hedging.minDelayMs", h.MinDelayMs, 1, 600_000);
        Range(errors, "hedging.maxDelayMs", h.MaxDelayMs, 1, 600_000);
        if (h.MaxDelayMs < h.MinDelayMs) errors.Add(new("hedging.maxDelayMs", "must not be below hedging.minDelayMs."));
        Range(errors, "hedging.delayFactor", h.DelayFactor, 1, 100);
        Range(errors, "hedging.maxSaturation", h.MaxSaturation, 0, 1);
        Range(errors, "hedging.budgetShare", h.BudgetShare, 0, 1);
    }

    private static void Slo(List<FieldError> errors, SloSpec s)
    {
        if (s.TtftMs is { } ttft) Range(errors, "slo.ttftMs", ttft, 0.001, 3_600_000);
        if (s.TpotMs is { } tpot) Range(errors, "slo.tpotMs", tpot, 0.001, 3_600_000);
        if (s.MaxQueuePerTarget is { } queue) Range(errors, "slo.maxQueuePerTarget", queue, 0, 100_000);
        if (s.MaxKvCacheUsage is { } kv) Range(errors, "slo.maxKvCacheUsage", kv, 0, 1);
        if (s is { TtftMs: null, TpotMs: null, MaxQueuePerTarget: null, MaxKvCacheUsage: null }) errors.Add(new("slo", "must give at least one of ttftMs, tpotMs, maxQueuePerTarget, maxKvCacheUsage."));
    }

    private static void Security(List<FieldError> errors, SecuritySpec s)
    {
        Texts(errors, "security.allowedTenants", s.AllowedTenants);
        if (s.AllowedTenants.Count == 0 && !s.RequireTenant) errors.Add(new("security", "must give allowedTenants, or set requireTenant."));
    }

    private static void Range(List<FieldError> errors, string field, double value, double min, double max)
    {
        // A NaN fails both comparisons and so is refused as well.
        if (!(value >= min && value <= max)) errors.Add(new(field, FormattableString.Invariant($"{value} is out of range {min}..{max}.")));
    }

    private static void Names(List<FieldError> errors, string field, IReadOnlyList<string> names)
    {
        TooMany(errors, field, names);
        errors.AddRange(names.Select((n, i) => NameRules.Check($"{field}[{i}]", n)).OfType<FieldError>());
    }

    private static void Texts(List<FieldError> errors, string field, IReadOnlyList<string> texts)
    {
        TooMany(errors, field, texts);
        errors.AddRange(texts.Select((t, i) => (t, i)).Where(x => x.t is null || x.t.Length is 0 or > MaxText).Select(x => new FieldError($"{field}[{x.i}]", $"must have 1 to {MaxText} characters.")));
    }

    private static void Patterns(List<FieldError> errors, string field, IReadOnlyList<string> patterns)
    {
        Texts(errors, field, patterns);
        errors.AddRange(patterns.Select((p, i) => (p, i)).Where(x => x.p?.IndexOf('*') is >= 0 and var at && at < x.p.Length - 1)
            .Select(x => new FieldError($"{field}[{x.i}]", "a '*' may stand only at the end.")));
    }

    private static void TooMany(List<FieldError> errors, string field, IReadOnlyList<string> list)
    {
        if (list.Count > MaxEntries) errors.Add(new(field, $"{list.Count} entries are too many: at most {MaxEntries}."));
    }
}
