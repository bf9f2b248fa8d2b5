using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Versions;
using InferMesh.Grains.Backup;

namespace InferMesh.Grains.Versions;

/// <summary>Into backups and out of them. Where nothing was, the versions come back with their numbers; where something is, the saved content is written as a new version on top of it.</summary>
internal abstract partial class VersionedGrain<T, TSpec, TState>
    where T : class, IVersioned
    where TState : class, IVersionedState<T>
{
    public Task<ObjectImage?> Save() =>
        Task.FromResult(_versions is [var newest, ..] ? new ObjectImage(newest.Version, newest.Deleted, StateText.Write(state.State)) : null);

    public async Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        if (StateText.Read<TState>(image.State) is not { Versions: [var saved, ..] } read || read.Versions.Any(v => v.Name != Name || SpecOf(v) is null))
            return new(RestoreStatus.Invalid, LastVersion, "it is not a state of this object");
        // Older versions may be of a time with other rules, and are not in force.
        if (!saved.Deleted && await RestoreFaultsAsync(SpecOf(saved)) is { Count: > 0 } faults) return new(RestoreStatus.Invalid, LastVersion, InWords(faults));
        if (_versions is [var newest, ..])
        {
            if (newest.Deleted == saved.Deleted && (saved.Deleted || IsThere(newest, saved))) return new(RestoreStatus.Unchanged, LastVersion);
            if (saved.Deleted) return new(RestoreStatus.Kept, LastVersion, "the backup has it deleted, and a restore deletes nothing");
            if (!newest.Deleted && !overwrite) return new(RestoreStatus.Conflict, LastVersion, FormattableString.Invariant($"it is there with other content, at version {LastVersion}"));
        }
        if (!saved.Deleted && await ObstaclesAsync(SpecOf(saved)) is { Count: > 0 } obstacles) return new(RestoreStatus.Conflict, LastVersion, InWords(obstacles));
        var status = Current is null ? RestoreStatus.Created : RestoreStatus.Overwritten;
        if (dryRun) return new(status, LastVersion);
        try
        {
            if (_versions is [_, ..]) TakeOver(read);
            var change = _versions is [] ? await AdoptAsync(read, saved, actor) : await WriteAsync(SpecOf(saved), deleted: false, actor, "restored");
            return change.Status == PolicyStatus.Accepted
                ? new(status, LastVersion)
                : new(RestoreStatus.Conflict, LastVersion, InWords(change.Errors));
        }
        catch
        {
            // Whether it is stored only the storage knows.
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>Whether what is there is what was saved, or what became of it.</summary>
    protected virtual bool IsThere(T newest, T saved) => StateText.Same(SpecOf(newest), SpecOf(saved));

    /// <summary>Takes what was saved beside the versions, just before its content is written as a new version on top of those that are there.</summary>
    protected virtual void TakeOver(TState saved)
    {
    }

    private static string InWords(IEnumerable<FieldError> errors) => string.Join(" ", errors.Select(static e => $"{e.Field}: {e.Message}"));

    private async Task<Change<T>> AdoptAsync(TState saved, T newest, string actor)
    {
        // The name first, as with every new object.
        await GrainFactory.GetGrain<IDirectoryGrain>(kind.Directory).Add(Name);
        if (await PrepareAsync(SpecOf(newest), newest.Deleted) is { Count: > 0 } obstacles) return Refused(PolicyStatus.Conflict, obstacles);
        await _outbox.OpenAsync();
        // What was on its way when it was saved belongs to the log of that time.
        saved.Outbox = state.State.Outbox;
        state.State = saved;
        if (!newest.Deleted) _outbox.Put(EventOf(kind.Created, newest, 0, actor, "restored"));
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            _outbox.Failed();
            throw;
        }
        _versions = [.. saved.Versions];
        _outbox.Stored();
        Written(kind.Noun, Name, newest.Version, "restored", actor);
        try
        {
            await PublishAsync(newest);
        }
        catch (Exception e)
        {
            NotPublished(kind.Noun, Name, newest.Version, e.Message);
        }
        return new(PolicyStatus.Accepted, Current, newest.Version, []);
    }
}
