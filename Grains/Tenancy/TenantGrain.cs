using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
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
[GrainType(BackedUpTypes.Tenant)]
internal sealed partial class TenantGrain : Grain, ITenantGrain, IEventSource, IBackedUpGrain
{
    private readonly IPersistentState<TenantState> _state;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly ILogger<TenantGrain> _logger;
    private readonly CoalescedWriter _writer;
    private TenantBook _book = null!;
    private EventOutbox _outbox = null!;
    private bool _broken;

    // What is stored, never what is being written.
    private Tenant? _stored;
    private TenantPlan? _plan;

    public TenantGrain([PersistentState("tenant")] IPersistentState<TenantState> state, TimeProvider time, IOptions<TenancySettings> settings, ILogger<TenantGrain> logger)
    {
        _state = state;
        _time = time;
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
        _outbox = new(this, GrainFactory, () => _state.State, _time, _logger);
        _outbox.Begin();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _outbox.Stop();
        return Task.CompletedTask;
    }

    public Task Flush()
    {
        ThrowIfBroken();
        return _outbox.SettleAsync(CommitAsync);
    }

    public Task<Tenant?> Get()
    {
        // Names can be made up by anybody: one under which nothing is stored costs no memory once it is answered.
        if (_state.State.Tenant is null) DeactivateOnIdle();
        return Task.FromResult(Current);
    }

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

    public Task<IReadOnlyList<FieldError>> Check(TenantSpec spec) => Task.FromResult(TenantValidator.Check(Name, spec));

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
        var before = Current?.Version ?? 0;
        var tenant = new Tenant { Name = Name, Version = (_stored?.Version ?? 0) + 1, Spec = spec, ChangedAt = _time.GetUtcNow(), ChangedBy = actor, Deleted = deleted };
        // Who is not in the directory is not limited: the name comes first and goes last.
        var directory = GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants);
        if (!deleted) await directory.Add(Name);
        await _outbox.OpenAsync();
        _state.State.Tenant = tenant;
        _book.Prune(deleted ? null : new(tenant.Version, spec), _time.GetUtcNow());
        _outbox.Put(EventOf(deleted ? EventTypes.TenantDeleted : before > 0 ? EventTypes.TenantUpdated : EventTypes.TenantCreated, tenant, before, actor, ""));
        await CommitAsync();
        Use(tenant);
        _outbox.Stored();
        await PublishAsync(tenant);
        if (deleted) await directory.Remove(Name);
        Written(Name, tenant.Version, deleted ? "deleted" : "written", actor);
        return new(TenantStatus.Accepted, tenant, deleted ? 0 : tenant.Version, []);
    }

    private async Task PublishAsync(Tenant tenant)
    {
        try
        {
            await GrainFactory.GetGrain<ITenantIndexGrain>(ITenantIndexGrain.Key).Changed(tenant);
        }
        catch (Exception e)
        {
            // Stored is stored: the index reads all tenants again within its period.
            NotPublished(Name, tenant.Version, e.Message);
        }
    }

    private static MeshEvent EventOf(string type, Tenant tenant, long before, string actor, string reason) => new()
    {
        Type = type,
        Subject = tenant.Name,
        Actor = actor,
        Reason = reason,
        Tenant = tenant.Name,
        VersionBefore = before,
        VersionAfter = tenant.Deleted ? 0 : tenant.Version,
        Data = new Dictionary<string, string> { ["version"] = tenant.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) },
    };

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

    [LoggerMessage(LogLevel.Warning, "Tenant {Tenant} version {Version} is stored; the index hears of it later: {Reason}")]
    private partial void NotPublished(string tenant, long version, string reason);
}
