using System.Security.Cryptography;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Keys;
using InferMesh.Grains.Abstractions.Security;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Security.Callers;

/// <summary>Callers by keys: those of the settings and those that the mesh made.</summary>
internal sealed class KeyCallers(IOptionsMonitor<ApiSettings> settings, KeyDirectory directory, TimeProvider time)
{
    public const string Unknown = "The key is not known: it was never made, has expired or was revoked.";
    public const string Unavailable = "Keys cannot be checked now: the cluster has not been reached yet.";

    // Compared when there is no key, so that the time does not tell which prefixes there are.
    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    /// <summary>The caller of a key of the settings; null when it is none of them.</summary>
    public Caller? FindConfigured(string key)
    {
        var hash = ApiKeyText.Hash(key);
        return Find("admin", static s => s.AdminKeys, CallerKind.AdminKey, Role.Admin)
            ?? Find("agent", static s => s.AgentKeys, CallerKind.AgentKey, Role.NodeAgent)
            ?? Find("viewer", static s => s.ViewerKeys, CallerKind.ViewerKey, Role.Viewer);

        Caller? Find(string name, Func<ApiSettings, IList<string>> keys, CallerKind kind, Role role) => IndexOf(hash, keys(settings.CurrentValue)) is >= 0 and var i
            ? new($"{name}-key-{i}", kind, [role], Scope.Mesh) { KeyId = KeyIds.Of(key), IsGood = () => IndexOf(hash, keys(settings.CurrentValue)) >= 0 }
            : null;
    }

    // Hashes have one length and every key is compared, so the time tells nothing about the keys.
    private static int IndexOf(byte[] hash, IList<string> keys)
    {
        var found = -1;
        foreach (var (i, allowed) in keys.Index())
        {
            if (CryptographicOperations.FixedTimeEquals(hash, ApiKeyText.Hash(allowed))) found = i;
        }
        return found;
    }

    /// <summary>The caller of a key that the mesh made, or why there is none.</summary>
    public async ValueTask<(Caller? Caller, string? Error)> FindAsync(string key, CancellationToken cancellationToken)
    {
        if (!ApiKeyText.TryPrefix(key, out var prefix)) return (null, Unknown);
        if (await directory.CurrentAsync(cancellationToken) is not { } table) return (null, Unavailable);
        var (stored, hash) = (table.Keys.GetValueOrDefault(prefix), ApiKeyText.Hash(key));
        if (!Opens(stored, hash, time.GetUtcNow()) || stored is null) return (null, Unknown);
        return (Of(stored, EndOf(stored, hash), () => Opens(directory.Known?.Keys.GetValueOrDefault(prefix), hash, time.GetUtcNow())), null);
    }

    internal static bool Opens(ApiKey? stored, byte[] hash, DateTimeOffset now)
    {
        var current = CryptographicOperations.FixedTimeEquals(hash, stored?.Hash ?? NoHash);
        var hasPrevious = stored is { PreviousHash.Length: > 0 };
        var previous = CryptographicOperations.FixedTimeEquals(hash, hasPrevious ? stored!.PreviousHash : NoHash) & hasPrevious & now < stored?.PreviousUntil;
        return stored is not null && (current | previous) && !(stored.ExpiresAt <= now);
    }

    /// <summary>When a secret ends: that before the last rotation may end before its key.</summary>
    private static DateTimeOffset? EndOf(ApiKey stored, byte[] hash) =>
        CryptographicOperations.FixedTimeEquals(hash, stored.Hash) || stored.ExpiresAt < stored.PreviousUntil ? stored.ExpiresAt : stored.PreviousUntil;

    // Budgets know it by its prefix, which stays when its secret is rotated.
    private static Caller Of(ApiKey key, DateTimeOffset? endsAt, Func<bool> isGood) =>
        new(key.Name, CallerKind.ApiKey, [.. key.Roles.Select(r => Roles.TryParse(r, out var role) ? role : null).OfType<Role>()], new(key.Tenant, key.Project)) { NodeId = key.NodeId, KeyId = key.Prefix, EndsAt = endsAt, IsGood = isGood };
}
