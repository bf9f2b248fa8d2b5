using System.Collections.Concurrent;
using System.Threading.Channels;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Tenants with compare and set, as the grain does it, and a gate that answers as it is told.</summary>
internal sealed class FakeTenants
{
    private readonly ConcurrentDictionary<string, FakeTenant> _tenants = new(StringComparer.Ordinal);

    public FakeGate Gate { get; } = new();

    public IDirectoryGrain Directory => new Names(this);

    public FakeTenant Tenant(string name) => _tenants.GetOrAdd(name, key => new FakeTenant(key));

    private sealed class Names(FakeTenants tenants) : IDirectoryGrain
    {
        public Task<bool> Add(string name) => throw new NotSupportedException();

        public Task<bool> Remove(string name) => throw new NotSupportedException();

        public Task<DirectoryListing> List() =>
            Task.FromResult(new DirectoryListing(1, [.. tenants._tenants.Values.Select(t => t.Current).OfType<Tenant>().Select(t => t.Name).Order(StringComparer.Ordinal)]));

        public Task<DirectoryListing?> WaitForChange(long version, TimeSpan wait) => throw new NotSupportedException();
    }
}

internal sealed class FakeTenant(string name) : ITenantGrain
{
    private Tenant? _newest;

    public Tenant? Current => _newest is { Deleted: false } ? _newest : null;

    /// <summary>Errors that the next write finds.</summary>
    public IReadOnlyList<FieldError> Errors { get; set; } = [];

    public Task<Tenant?> Get() => Task.FromResult(Current);

    public Task<TenantResult> Put(TenantSpec spec, long expected, string actor) =>
        Task.FromResult(Errors.Count > 0 ? new(TenantStatus.Invalid, Current, Version, Errors) : Refusal(expected) ?? Write(spec, false, actor));

    public Task<IReadOnlyList<FieldError>> Check(TenantSpec spec) => Task.FromResult(Errors);

    public Task<TenantResult> Delete(long expected, string actor) =>
        Task.FromResult(Current is not { } current ? new(TenantStatus.NotFound, null, 0, []) : Refusal(expected) ?? Write(current.Spec, true, actor));

    public Task<TenantUsage?> Usage() => Task.FromResult(Current is not { } current ? null : new TenantUsage
    {
        Name = name,
        Version = current.Version,
        Total = new() { InFlight = 2, TokensToday = 70, MoneyToday = 0.5, Leased = new(2, 0, 30, 0.1), Limits = current.Spec.Limits },
        Projects = current.Spec.Projects.ToDictionary(p => p.Key, p => new ScopeUsage { TokensThisMinute = 7, Limits = p.Value }),
    });

    public Task<LeaseAnswer> Lease(LeaseRequest request) => throw new NotSupportedException();

    private long Version => Current?.Version ?? 0;

    private TenantResult? Refusal(long expected) => expected == PolicyVersions.Any || expected == Version ? null : new(TenantStatus.Conflict, Current, Version, []);

    private TenantResult Write(TenantSpec spec, bool deleted, string actor)
    {
        _newest = new() { Name = name, Version = (_newest?.Version ?? 0) + 1, Spec = spec, ChangedBy = actor, Deleted = deleted };
        return new(TenantStatus.Accepted, _newest, deleted ? 0 : _newest.Version, []);
    }
}

[GrainType("fake-tenant-gate")]
internal sealed class FakeGate : ITenantGateGrain
{
    private readonly Channel<TenantSettlement> _settled = Channel.CreateUnbounded<TenantSettlement>();

    public Func<TenantRequest, Task<TenantVerdict>> OnReserve { get; set; } = _ => Task.FromResult(new TenantVerdict { Status = TenantVerdictStatus.Granted, Id = "r-1" });

    public ConcurrentQueue<TenantRequest> Requests { get; } = [];

    public ConcurrentQueue<string> Renewed { get; } = [];

    /// <summary>Settlements that fail before one succeeds.</summary>
    public int FailSettlements { get; set; }

    public ValueTask<TenantVerdict> Reserve(TenantRequest request)
    {
        Requests.Enqueue(request);
        return new(OnReserve(request));
    }

    public ValueTask<bool> Settle(TenantSettlement settlement)
    {
        if (FailSettlements-- > 0) throw new TimeoutException("lost");
        _settled.Writer.TryWrite(settlement);
        return ValueTask.FromResult(true);
    }

    public ValueTask Renew(IReadOnlyList<string> ids)
    {
        foreach (var id in ids) Renewed.Enqueue(id);
        return ValueTask.CompletedTask;
    }

    public Task<TenantSettlement> SettledAsync() => _settled.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
}
