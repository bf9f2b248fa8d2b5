using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Tenancy;

/// <summary>A silo that has leases, or had some lately.</summary>
[GenerateSerializer, Alias("infermesh.SiloSession")]
internal sealed class SiloSession
{
    /// <summary>The last exchange that counted.</summary>
    [Id(0)] public long Sequence { get; set; }

    /// <summary>When its leases end unless it is heard of again.</summary>
    [Id(1)] public long ExpiresAtTicks { get; set; }
}

/// <summary>What is stored of a tenant.</summary>
[GenerateSerializer, Alias("infermesh.TenantState")]
internal sealed class TenantState : IOutboxState
{
    [Id(0)] public Tenant? Tenant { get; set; }

    [Id(1)] public List<MeterAccount> Meters { get; set; } = [];

    [Id(2)] public Dictionary<string, SiloSession> Silos { get; set; } = [];

    [Id(3)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <summary>The books of one tenant: its meters and the silos that hold parts of them. Time is an argument; used by one caller at a time.</summary>
internal sealed class TenantBook(TenantState state, TimeSpan lease)
{
    // A silo that was cut off may repeat its last exchange when it is back.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    // A silo asks again at the latest after this: so fast does a change of limits reach all of them.
    internal static readonly TimeSpan PlanValidFor = TimeSpan.FromSeconds(2);

    private readonly Dictionary<MeterKey, MeterAccount> _meters = state.Meters.ToDictionary(m => m.Key);

    /// <summary>After a restart nobody knows when the silos were last heard of: their leases count in full once more.</summary>
    public void Resume(DateTimeOffset now)
    {
        foreach (var session in state.Silos.Values) session.ExpiresAtTicks = Math.Max(session.ExpiresAtTicks, (now + lease).UtcTicks);
    }

    /// <summary>One exchange with a silo.</summary>
    /// <param name="request">What the silo says.</param>
    /// <param name="plan">Limits in force.</param>
    /// <param name="now">Now.</param>
    /// <param name="changed">Something changed that must be stored before the silo hears of it.</param>
    public LeaseAnswer Exchange(LeaseRequest request, TenantPlan plan, DateTimeOffset now, out bool changed)
    {
        changed = Expire(now);
        if (!state.Silos.TryGetValue(request.Silo, out var session)) state.Silos[request.Silo] = session = new();
        var isNew = request.Sequence > session.Sequence;
        // An answer to a repetition promises what the first one did: that it is stored.
        changed |= !isNew;
        session.Sequence = Math.Max(session.Sequence, request.Sequence);
        session.ExpiresAtTicks = (now + lease).UtcTicks;
        var grants = new List<MeterGrant>(request.Meters.Count);
        foreach (var report in request.Meters)
        {
            // The silo does not know yet that the project or key has gone; the answer tells it.
            if (plan.LimitOf(report.Key) is not { } limit) continue;
            var meter = Meter(report.Key);
            changed |= meter.Roll(now, limit);
            if (isNew)
            {
                changed |= meter.Report(request.Silo, report, limit);
                changed |= meter.Grant(request.Silo, report, limit);
            }
            grants.Add(meter.View(request.Silo, report, limit, now, lease));
        }
        return new()
        {
            Version = plan.Version,
            Spec = request.KnownVersion == plan.Version ? null : plan.Spec,
            ValidFor = PlanValidFor,
            Meters = grants,
        };
    }

    /// <summary>What is used now.</summary>
    public TenantUsage Usage(Tenant tenant, TenantPlan plan, DateTimeOffset now)
    {
        Expire(now);
        foreach (var meter in state.Meters) meter.Roll(now, plan.LimitOf(meter.Key) ?? default);
        return new()
        {
            Name = tenant.Name,
            Version = tenant.Version,
            At = now,
            Total = Usage(TenantScope.Tenant, "", plan.Spec.Limits),
            Projects = plan.Spec.Projects.ToDictionary(p => p.Key, p => Usage(TenantScope.Project, p.Key, p.Value)),
            Keys = plan.Spec.Keys.ToDictionary(k => k.Key, k => Usage(TenantScope.Key, k.Key, k.Value)),
        };
    }

    /// <summary>Forgets what belongs to nothing any more: meters of projects and keys that have gone, once their window is over.</summary>
    public void Prune(TenantPlan? plan, DateTimeOffset now)
    {
        foreach (var meter in state.Meters.Where(m => plan?.LimitOf(m.Key) is null).ToList())
        {
            meter.Roll(now, default);
            if (meter is not { Spent: 0, Holds.Count: 0 }) continue;
            state.Meters.Remove(meter);
            _meters.Remove(meter.Key);
        }
    }

    private MeterAccount Meter(MeterKey key)
    {
        if (_meters.TryGetValue(key, out var meter)) return meter;
        meter = new() { Key = key };
        state.Meters.Add(meter);
        return _meters[key] = meter;
    }

    private bool Expire(DateTimeOffset now)
    {
        var changed = false;
        foreach (var (silo, session) in state.Silos)
        {
            if (session.ExpiresAtTicks > now.UtcTicks) continue;
            foreach (var meter in state.Meters) changed |= meter.Drop(silo);
            if (session.ExpiresAtTicks + Remembered.Ticks <= now.UtcTicks) state.Silos.Remove(silo);
        }
        return changed;
    }

    private ScopeUsage Usage(TenantScope scope, string name, TenantLimits limits)
    {
        MeterAccount? Of(LimitKind kind) => _meters.GetValueOrDefault(new(scope, name, kind));
        long Spent(LimitKind kind) => Of(kind)?.Spent ?? 0;
        long Held(LimitKind kind) => Of(kind)?.Held ?? 0;
        return new()
        {
            InFlight = Of(LimitKind.ConcurrentRequests)?.Open ?? 0,
            TokensThisMinute = Spent(LimitKind.TokensPerMinute),
            TokensToday = Spent(LimitKind.TokensPerDay),
            MoneyToday = TenantPlan.ToMoney(Spent(LimitKind.MoneyPerDay)),
            Leased = new(Held(LimitKind.ConcurrentRequests), Held(LimitKind.TokensPerMinute), Held(LimitKind.TokensPerDay), TenantPlan.ToMoney(Held(LimitKind.MoneyPerDay))),
            Limits = limits,
        };
    }
}
