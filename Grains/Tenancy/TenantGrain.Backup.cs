using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Backup;

namespace InferMesh.Grains.Tenancy;

/// <summary>Into backups and out of them: limits, and what is used of the windows that run. Leases are not in them: they belong to silos that may be gone.</summary>
internal sealed partial class TenantGrain
{
    public Task<ObjectImage?> Save()
    {
        if (Current is not { } tenant) return Task.FromResult<ObjectImage?>(null);
        var saved = new TenantState { Tenant = tenant, Meters = [.. _state.State.Meters.Select(m => m.Settled())] };
        return Task.FromResult<ObjectImage?>(new(tenant.Version, false, StateText.Write(saved)));
    }

    public async Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        if (StateText.Read<TenantState>(image.State) is not { Tenant: { Deleted: false } saved } state || saved.Name != Name)
            return new(RestoreStatus.Invalid, Current?.Version ?? 0, "it is not a state of this tenant");
        if (TenantValidator.Check(Name, saved.Spec) is { Count: > 0 } faults)
            return new(RestoreStatus.Invalid, Current?.Version ?? 0, string.Join(" ", faults.Select(static e => $"{e.Field}: {e.Message}")));
        if (Current is { } current)
        {
            if (StateText.Same(current.Spec, saved.Spec)) return new(RestoreStatus.Unchanged, current.Version);
            if (!overwrite) return new(RestoreStatus.Conflict, current.Version, FormattableString.Invariant($"it is there with other content, at version {current.Version}"));
        }
        var status = Current is null ? RestoreStatus.Created : RestoreStatus.Overwritten;
        if (dryRun) return new(status, Current?.Version ?? 0);
        if (_stored is null) await AdoptAsync(state, saved, actor);
        else await WriteAsync(saved.Spec, deleted: false, actor);
        return new(status, Current?.Version ?? 0);
    }

    private async Task AdoptAsync(TenantState saved, Tenant tenant, string actor)
    {
        ThrowIfBroken();
        // Who is not in the directory is not limited: the name comes first.
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants).Add(Name);
        await _outbox.OpenAsync();
        _state.State.Tenant = tenant;
        _state.State.Meters = saved.Meters;
        _book = new(_state.State, _lease);
        _outbox.Put(EventOf(EventTypes.TenantCreated, tenant, 0, actor, "restored"));
        await CommitAsync();
        Use(tenant);
        _outbox.Stored();
        await PublishAsync(tenant);
        Written(Name, tenant.Version, "restored", actor);
    }
}
