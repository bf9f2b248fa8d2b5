using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Security;
using InferMesh.Grains.Backup;

namespace InferMesh.Grains.Security;

/// <summary>
/// Into backups and out of them, with the hashes that are stored and no secret. A restore adds the keys that are missing, by prefix: one that is there is newer than any backup, and one that
/// was revoked was revoked for a reason.
/// </summary>
internal sealed partial class KeyRingGrain
{
    private const int PrefixLength = 12;
    private const int HashBytes = 32;

    public Task<ObjectImage?> Save()
    {
        ThrowIfBroken();
        var state = _state.State;
        var saved = new KeyRingState { Version = state.Version, Keys = state.Keys, Revoked = state.Revoked };
        return Task.FromResult(state.Version == 0 ? null : new ObjectImage(state.Version, false, StateText.Write(saved)));
    }

    public async Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        ThrowIfBroken();
        var state = _state.State;
        if (StateText.Read<KeyRingState>(image.State) is not { Version: > 0 } saved || !saved.Keys.TrueForAll(IsWhole) || saved.Keys.DistinctBy(static k => k.Prefix).Count() < saved.Keys.Count)
            return new(RestoreStatus.Invalid, state.Version, "it is no ring of keys");
        var (there, revoked) = (state.Keys.Select(static k => k.Prefix).ToHashSet(StringComparer.Ordinal), state.Revoked.ToHashSet(StringComparer.Ordinal));
        ApiKey[] missing = [.. saved.Keys.Where(k => !there.Contains(k.Prefix))];
        ApiKey[] back = [.. missing.Where(k => !revoked.Contains(k.Prefix))];
        if (there.Count + back.Length > IKeyRingGrain.MaxKeys)
            return new(RestoreStatus.Conflict, state.Version, FormattableString.Invariant($"{there.Count} keys are there and {back.Length} would come back, which are more than {IKeyRingGrain.MaxKeys}: revoke some"));
        var reason = FormattableString.Invariant($"{back.Length} keys come back, {saved.Keys.Count - missing.Length} are there and stay as they are, {missing.Length - back.Length} were revoked and stay revoked");
        var status = back.Length > 0 ? RestoreStatus.Created : missing.Length > 0 ? RestoreStatus.Kept : RestoreStatus.Unchanged;
        // What the backup knows to be revoked counts for older backups that come after it.
        string[] ended = [.. saved.Revoked.Where(p => !revoked.Contains(p) && !there.Contains(p))];
        if (dryRun || back.Length + ended.Length == 0) return new(status, state.Version, reason);
        state.Revoked = Newest([.. ended, .. state.Revoked]);
        // An API that followed the ring that was lost must not take this one for it.
        state.Version = Math.Max(state.Version, saved.Version);
        await StoreAsync([.. state.Keys, .. back], [.. back.Select(k => EventOf(EventTypes.KeyCreated, k, actor) with { Reason = "restored" })]);
        return new(status, _stored.Version, reason);
    }

    private static bool IsWhole(ApiKey key) =>
        key is { Prefix.Length: PrefixLength, Name.Length: > 0, Hash.Length: HashBytes, PreviousHash.Length: 0 or HashBytes, Roles.Count: > 0 }
        && key.Prefix.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));
}
