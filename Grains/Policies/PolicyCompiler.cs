using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Policies;

/// <summary>Turns a stored policy into the rule that decisions use.</summary>
internal static class PolicyCompiler
{
    /// <param name="policy">A policy that passed <see cref="PolicyValidator"/>.</param>
    /// <param name="routers">Silos that share its quota.</param>
    /// <param name="inFlight">Live counter of its quota on this silo.</param>
    /// <param name="strategies">The strategies in force, with what they have learned.</param>
    /// <exception cref="ArgumentException">It names a strategy or a parameter that this version does not know.</exception>
    public static PolicyRule Compile(Policy policy, int routers, Func<string, LocalLoad> inFlight, PolicyStrategies strategies)
    {
        var spec = policy.Spec;
        return new(policy.Name, policy.Version, spec.Priority, new(spec.Models, spec.Tenants, spec.SloClasses))
        {
            Strategy = spec.Routing is { } r ? strategies.For(policy.Name, r) : null,
            Placement = spec.Placement is { } p ? Placement(p) : null,
            Hedging = spec.Hedging is { } h ? Hedging(h) : null,
            Admission = spec.Slo is { } s && (s.MaxQueuePerTarget ?? s.MaxKvCacheUsage) is not null
                ? new(s.MaxQueuePerTarget ?? AdmissionLimits.Default.MaxQueuePerTarget, s.MaxKvCacheUsage ?? AdmissionLimits.Default.MaxKvCacheUsage)
                : null,
            Slo = spec.Slo is { } goals && (goals.TtftMs ?? goals.TpotMs) is not null ? new(Ms(goals.TtftMs), Ms(goals.TpotMs)) : null,
            Queue = spec.Slo is { } turn && (turn.QueuePriority ?? turn.MaxQueueWaitMs ?? turn.QueueWeight) is not null
                ? new(turn.QueuePriority ?? QueueRule.Default.Priority, Ms(turn.MaxQueueWaitMs), turn.QueueWeight ?? QueueRule.Default.Weight)
                : null,
            // An equal share each, rounded up: the cluster may exceed the limit by at most one request per silo.
            Quota = spec.Quota is { } q ? new(policy.Name, (q.MaxConcurrentRequests + routers - 1) / routers, inFlight(policy.Name)) : null,
            Access = spec.Security is { } a ? new(a.AllowedTenants, a.RequireTenant) : null,
        };
    }

    /// <summary>Where work may run.</summary>
    public static PlacementRule Placement(PlacementSpec p) => new(p.Nodes, p.Cells, p.Zones, p.Regions, p.Labels);

    /// <summary>How hedges are planned.</summary>
    public static HedgeSettings Hedging(HedgingSpec h) =>
        new(h.Enabled, TimeSpan.FromMilliseconds(h.MinDelayMs), TimeSpan.FromMilliseconds(h.MaxDelayMs), h.DelayFactor, h.MaxSaturation, h.BudgetShare);

    private static TimeSpan? Ms(double? value) => value is { } ms ? TimeSpan.FromMilliseconds(ms) : null;
}
