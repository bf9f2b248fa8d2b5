using System.Text.Json;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Tenancy;

namespace InferMesh.Tests.Unit.Grains.Tenancy;

/// <summary>The books of a tenant without a cluster: what a call answers is stored before it answers.</summary>
[GrainType("fake-tenant-books")]
internal sealed class FakeTenantGrain(TimeProvider time, TenantSpec? spec) : ITenantGrain
{
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private string _stored = JsonSerializer.Serialize(new TenantState());
    private TenantState _state = new();
    private long _version = 1;

    public TenantSpec? Spec { get; private set; } = spec;

    /// <summary>Lose the next answers, each after it had its effect.</summary>
    public int LoseAnswers { get; set; }

    /// <summary>Nothing can be stored.</summary>
    public bool IsDown { get; set; }

    public int Calls { get; private set; }

    /// <summary>Calls that had something to store.</summary>
    public int Writes { get; private set; }

    public void Change(TenantSpec? spec)
    {
        lock (_gate) (Spec, _version) = (spec, _version + 1);
    }

    /// <summary>The grain dies and comes back with what was stored.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            _state = JsonSerializer.Deserialize<TenantState>(_stored)!;
            new TenantBook(_state, LeaseTime).Resume(time.GetUtcNow());
        }
    }

    public Task<LeaseAnswer> Lease(LeaseRequest request)
    {
        lock (_gate)
        {
            Calls++;
            if (IsDown) throw new InvalidOperationException("down");
            if (Spec is null) return Task.FromResult(new LeaseAnswer { ValidFor = TimeSpan.FromSeconds(2) });
            var answer = new TenantBook(_state, LeaseTime).Exchange(request, new(_version, Spec), time.GetUtcNow(), out var changed);
            if (changed)
            {
                Writes++;
                _stored = JsonSerializer.Serialize(_state);
            }
            if (LoseAnswers == 0) return Task.FromResult(answer);
            LoseAnswers--;
            throw new TimeoutException("lost");
        }
    }

    public ScopeUsage Total()
    {
        lock (_gate)
        {
            var tenant = new Tenant { Name = "t", Version = _version, Spec = Spec! };
            return new TenantBook(_state, LeaseTime).Usage(tenant, new(_version, Spec!), time.GetUtcNow()).Total;
        }
    }

    public Task<Tenant?> Get() => throw new NotSupportedException();

    public Task<IReadOnlyList<FieldError>> Check(TenantSpec spec) => throw new NotSupportedException();

    public Task<TenantResult> Put(TenantSpec spec, long expected, string actor) => throw new NotSupportedException();

    public Task<TenantResult> Delete(long expected, string actor) => throw new NotSupportedException();

    public Task<TenantUsage?> Usage() => throw new NotSupportedException();
}
