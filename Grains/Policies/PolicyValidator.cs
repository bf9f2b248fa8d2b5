using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Common;
using InferMesh.Grains.Plugins;
using static InferMesh.Grains.Common.FieldRules;

namespace InferMesh.Grains.Policies;

/// <summary>Checks the content of a policy: all errors at once, each with the path of its field.</summary>
internal static class PolicyValidator
{
    /// <param name="name">Name of the policy.</param>
    /// <param name="spec">Content.</param>
    /// <param name="plugin">The plugin that it names as its strategy; null when it names none, or there is none.</param>
    public static IReadOnlyList<FieldError> Check(string name, PolicySpec spec, MeshPlugin? plugin = null)
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
        if (spec.Routing is { } routing) Routing(errors, routing, plugin);
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

    public static void Placement(List<FieldError> errors, PlacementSpec p)
    {
        Names(errors, "placement.nodes", p.Nodes);
        Names(errors, "placement.cells", p.Cells);
        Names(errors, "placement.zones", p.Zones);
        Names(errors, "placement.regions", p.Regions);
        if (p.Labels.Any(l => l.Key.Length is 0 or > MaxText || l.Value is null || l.Value.Length > MaxText)) errors.Add(new("placement.labels", $"names and values must be texts of 1 to {MaxText} characters."));
        if (p.Nodes.Count + p.Cells.Count + p.Zones.Count + p.Regions.Count + p.Labels.Count == 0) errors.Add(new("placement", "must name nodes, cells, zones, regions or labels."));
    }

    public static void Routing(List<FieldError> errors, RoutingSpec r, MeshPlugin? plugin) =>
        errors.AddRange(PluginRules.Check(r, plugin).Select(e => new FieldError($"routing.{e.Field}", e.Message)));

    public static void Hedging(List<FieldError> errors, HedgingSpec h)
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
        if (s.QueuePriority is { } priority) Range(errors, "slo.queuePriority", priority, -100, 100);
        if (s.MaxQueueWaitMs is { } wait) Range(errors, "slo.maxQueueWaitMs", wait, 0, 600_000);
        if (s.QueueWeight is { } weight) Range(errors, "slo.queueWeight", weight, 0.001, 1000);
        if ((s.TtftMs ?? s.TpotMs ?? s.MaxQueuePerTarget ?? s.MaxKvCacheUsage ?? s.QueuePriority ?? s.MaxQueueWaitMs ?? s.QueueWeight) is null)
            errors.Add(new("slo", "must give at least one of ttftMs, tpotMs, maxQueuePerTarget, maxKvCacheUsage, queuePriority, maxQueueWaitMs, queueWeight."));
    }

    private static void Security(List<FieldError> errors, SecuritySpec s)
    {
        Texts(errors, "security.allowedTenants", s.AllowedTenants);
        if (s.AllowedTenants.Count == 0 && !s.RequireTenant) errors.Add(new("security", "must give allowedTenants, or set requireTenant."));
    }
}
