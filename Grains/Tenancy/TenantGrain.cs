using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Common;
using InferMesh.Grains.Events;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Tenancy;

/// <inheritdoc cref="ITenantGrain"/>
[GrainType("tenant")]
internal sealed partial class TenantGrain : Grain, ITenantGrain
{
    private readonly IPersistentState<TenantState> _state;
    private readonly TimeProvider _time;
    private readonly EventSink _events;
    private readonly TimeSpan _lease;
    private readonly ILogger<TenantGrain> _logger;
    private readonly CoalescedWriter _writer;
    private TenantBook _book = null!;
    private bool _broken;

    // What is stored, never what is being written.
    private Tenant? _stored;
    private TenantPlan? _plan;

    public TenantGrain([PersistentState("tenant")] IPersistentState<TenantState> state, TimeProvider time, EventSink events, IOptions<TenancySettings> settings, ILogger<TenantGrain> logger)
    {
        _state = state;
        _time = time;
        _events = events;
        _lease = settings.Value.Lease;
        _logger = logger;
        _writer = new(state.WriteStateAsync);
    }

    private string Name => this.GetPrimaryKeyString();

    private Tenant? Current => _stored is { Deleted: false } ? _stored : null;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _book = new(_state.State, _lease);
        _book.Resume(_time.GetUtcNow());
        Use(_state.State.Tenant);
        return Task.CompletedTask;
    }

    public Task<Tenant?> Get() => Task.FromResult(Current);

    public Task<TenantUsage?> Usage() => Task.FromResult(Current is { } tenant && _plan is { } plan ? _book.Usage(tenant, plan, _time.GetUtcNow()) : null);

    public async Task<LeaseAnswer> Lease(LeaseRequest request)
    {
        if (_plan is not { } plan) return new() { ValidFor = TenantBook.PlanValidFor };
        ThrowIfBroken();
        var answer = _book.Exchange(request, plan, _time.GetUtcNow(), out var changed);
        if (changed) await CommitAsync();
        return answer;
    }

    public async Task<TenantResult> Put(TenantSpec spec, long expected, string actor)
    {
        if (TenantValidator.Check(Name, spec) is { Count: > 0 } errors) return new(TenantStatus.Invalid, Current, Current?.Version ?? 0, errors);
        return Refusal(expected) ?? await WriteAsync(spec, deleted: false, actor);
    }

    public async Task<TenantResult> Delete(long expected, string actor)
    {
        if (Current is not { } current) return new(TenantStatus.NotFound, _stored, 0, []);
        return Refusal(expected) ?? await WriteAsync(current.Spec, deleted: true, actor);
    }

    private TenantResult? Refusal(long expected)
    {
        var version = Current?.Version ?? PolicyVersions.None;
        return expected == PolicyVersions.Any || expected == version ? null : new(TenantStatus.Conflict, Current, version, []);
    }

    private async Task<TenantResult> WriteAsync(TenantSpec spec, bool deleted, string actor)
    {
        ThrowIfBroken();
        var existed = Current is not null;
        var tenant = new Tenant { Name = Name, Version = (_stored?.Version ?? 0) + 1, Spec = spec, ChangedAt = _time.GetUtcNow(), ChangedBy = actor, Deleted = deleted };
        // Who is not in the directory is not limited: the name comes first and goes last.
        var directory = GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants);
        if (!deleted) await directory.Add(Name);
        _state.State.Tenant = tenant;
        _book.Prune(deleted ? null : new(tenant.Version, spec), _time.GetUtcNow());
        await CommitAsync();
        Use(tenant);
        if (deleted) await directory.Remove(Name);

        _events.Post(deleted ? EventTypes.TenantDeleted : existed ? EventTypes.TenantUpdated : EventTypes.TenantCreated, Name, actor,
            ("version", tenant.Version.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Written(Name, tenant.Version, deleted ? "deleted" : "written", actor);
        return new(TenantStatus.Accepted, tenant, deleted ? 0 : tenant.Version, []);
    }

    private void Use(Tenant? tenant)
    {
        _stored = tenant;
        _plan = tenant is { Deleted: false } ? new(tenant.Version, tenant.Spec) : null;
    }

    private async Task CommitAsync()
    {
        try
        {
            await _writer.WriteAsync();
        }
        catch
        {
            // What is in memory is not what is stored: the next activation reads the truth.
            _broken = true;
            DeactivateOnIdle();
            throw;
        }
    }

    private void ThrowIfBroken()
    {
        if (_broken) throw new OrleansException($"Tenant {Name} could not be stored and is read anew.");
    }

    [LoggerMessage(LogLevel.Information, "Tenant {Tenant} version {Version} {Change} by {Actor}")]
    private partial void Written(string tenant, long version, string change, string actor);
}
