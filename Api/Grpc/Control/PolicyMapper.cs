using Google.Protobuf.WellKnownTypes;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Policies;
using Domain = InferMesh.Grains.Abstractions.Policies;
using Proto = InferMesh.Control.V1;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Policies on the wire. Numbers that a message leaves out take the defaults of the contract.</summary>
internal static class PolicyMapper
{
    public static PolicyType Type(PolicyKind kind) => kind switch
    {
        PolicyKind.Placement => PolicyType.Placement,
        PolicyKind.Routing => PolicyType.Routing,
        PolicyKind.Hedging => PolicyType.Hedging,
        PolicyKind.Slo => PolicyType.Slo,
        PolicyKind.Quota => PolicyType.Quota,
        PolicyKind.Security => PolicyType.Security,
        _ => PolicyType.Unspecified,
    };

    public static Domain.PolicySpec ToDomain(Proto.Policy policy) => Part(policy) with
    {
        Priority = policy.Priority,
        Description = policy.Description,
        Models = [.. policy.Models],
        Tenants = [.. policy.Tenants],
        SloClasses = [.. policy.SloClasses],
    };

    public static Proto.Policy ToProto(Domain.Policy policy)
    {
        var spec = policy.Spec;
        var proto = new Proto.Policy
        {
            Name = policy.Name,
            Type = Type(spec.Kind),
            Version = policy.Version,
            Priority = spec.Priority,
            Description = spec.Description,
            Models = { spec.Models },
            Tenants = { spec.Tenants },
            SloClasses = { spec.SloClasses },
            ChangedAt = Timestamp.FromDateTimeOffset(policy.ChangedAt),
            ChangedBy = policy.ChangedBy,
        };
        if (spec.Placement is { } placement) proto.Placement = ToProto(placement);
        if (spec.Routing is { } routing) proto.Routing = ToProto(routing);
        if (spec.Hedging is { } hedging) proto.Hedging = ToProto(hedging);
        if (spec.Slo is { } slo) proto.Slo = ToProto(slo);
        if (spec.Quota is { } quota) proto.Quota = new() { MaxConcurrentRequests = quota.MaxConcurrentRequests };
        if (spec.Security is { } security) proto.Security = new() { AllowedTenants = { security.AllowedTenants }, RequireTenant = security.RequireTenant };
        return proto;
    }

    private static Domain.PolicySpec Part(Proto.Policy policy) => policy.SpecCase switch
    {
        Proto.Policy.SpecOneofCase.Placement => new() { Kind = PolicyKind.Placement, Placement = ToDomain(policy.Placement) },
        Proto.Policy.SpecOneofCase.Routing => new() { Kind = PolicyKind.Routing, Routing = ToDomain(policy.Routing) },
        Proto.Policy.SpecOneofCase.Hedging => new() { Kind = PolicyKind.Hedging, Hedging = ToDomain(policy.Hedging) },
        Proto.Policy.SpecOneofCase.Slo => new() { Kind = PolicyKind.Slo, Slo = ToDomain(policy.Slo) },
        Proto.Policy.SpecOneofCase.Quota => new() { Kind = PolicyKind.Quota, Quota = new() { MaxConcurrentRequests = policy.Quota.MaxConcurrentRequests } },
        Proto.Policy.SpecOneofCase.Security => new()
        {
            Kind = PolicyKind.Security,
            Security = new() { AllowedTenants = [.. policy.Security.AllowedTenants], RequireTenant = policy.Security.RequireTenant },
        },
        _ => throw new InvalidOperationException("A policy without a part is refused before it is mapped."),
    };

    public static Domain.RoutingSpec ToDomain(Proto.RoutingSpec r) => new() { Strategy = r.Strategy, Parameters = r.Parameters.ToDictionary(), Fallback = r.Fallback.Length > 0 ? r.Fallback : null };

    public static Proto.RoutingSpec ToProto(Domain.RoutingSpec r) => new() { Strategy = r.Strategy, Parameters = { r.Parameters.ToDictionary() }, Fallback = r.Fallback ?? "" };

    public static Domain.PlacementSpec ToDomain(Proto.PlacementSpec p) => new()
    {
        Nodes = [.. p.Nodes],
        Cells = [.. p.Cells],
        Zones = [.. p.Zones],
        Regions = [.. p.Regions],
        Labels = p.Labels.ToDictionary(),
    };

    public static Proto.PlacementSpec ToProto(Domain.PlacementSpec p) => new()
    {
        Nodes = { p.Nodes },
        Cells = { p.Cells },
        Zones = { p.Zones },
        Regions = { p.Regions },
        Labels = { p.Labels.ToDictionary() },
    };

    public static Domain.HedgingSpec ToDomain(Proto.HedgingSpec h)
    {
        var spec = new Domain.HedgingSpec();
        return spec with
        {
            Enabled = h.HasEnabled ? h.Enabled : spec.Enabled,
            MinDelayMs = h.HasMinDelayMs ? h.MinDelayMs : spec.MinDelayMs,
            MaxDelayMs = h.HasMaxDelayMs ? h.MaxDelayMs : spec.MaxDelayMs,
            DelayFactor = h.HasDelayFactor ? h.DelayFactor : spec.DelayFactor,
            MaxSaturation = h.HasMaxSaturation ? h.MaxSaturation : spec.MaxSaturation,
            BudgetShare = h.HasBudgetShare ? h.BudgetShare : spec.BudgetShare,
        };
    }

    public static Proto.HedgingSpec ToProto(Domain.HedgingSpec h) => new()
    {
        Enabled = h.Enabled,
        MinDelayMs = h.MinDelayMs,
        MaxDelayMs = h.MaxDelayMs,
        DelayFactor = h.DelayFactor,
        MaxSaturation = h.MaxSaturation,
        BudgetShare = h.BudgetShare,
    };

    private static Domain.SloSpec ToDomain(Proto.SloSpec s) => new()
    {
        TtftMs = s.HasTtftMs ? s.TtftMs : null,
        TpotMs = s.HasTpotMs ? s.TpotMs : null,
        MaxQueuePerTarget = s.HasMaxQueuePerTarget ? s.MaxQueuePerTarget : null,
        MaxKvCacheUsage = s.HasMaxKvCacheUsage ? s.MaxKvCacheUsage : null,
        QueuePriority = s.HasQueuePriority ? s.QueuePriority : null,
        MaxQueueWaitMs = s.HasMaxQueueWaitMs ? s.MaxQueueWaitMs : null,
        QueueWeight = s.HasQueueWeight ? s.QueueWeight : null,
    };

    private static Proto.SloSpec ToProto(Domain.SloSpec s)
    {
        var slo = new Proto.SloSpec();
        if (s.TtftMs is { } ttft) slo.TtftMs = ttft;
        if (s.TpotMs is { } tpot) slo.TpotMs = tpot;
        if (s.MaxQueuePerTarget is { } queue) slo.MaxQueuePerTarget = queue;
        if (s.MaxKvCacheUsage is { } kv) slo.MaxKvCacheUsage = kv;
        if (s.QueuePriority is { } priority) slo.QueuePriority = priority;
        if (s.MaxQueueWaitMs is { } wait) slo.MaxQueueWaitMs = wait;
        if (s.QueueWeight is { } weight) slo.QueueWeight = weight;
        return slo;
    }
}
