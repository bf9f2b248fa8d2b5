using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Api.Security.Keys;

/// <summary>A key as it is asked for.</summary>
internal sealed record KeyRequest(string Name, IReadOnlyList<string> Roles, string Tenant, string Project, string NodeId, DateTimeOffset? ExpiresAt);

/// <summary>What became of a call about keys: exactly one of the three, or nothing where there is no such key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Errors">What is wrong with the request.</param>
/// <param name="Refusal">Why the caller may not.</param>
internal sealed record KeyOutcome(ApiKey? Key = null, IReadOnlyList<FieldError>? Errors = null, string? Refusal = null)
{
    /// <summary>The key itself, which is shown this once and kept nowhere.</summary>
    public string? Text { get; init; }

    public override string ToString() => Key?.Prefix ?? Refusal ?? "";
}

/// <summary>Makes, shows and ends API keys, for REST and gRPC. Nobody gives what it does not have, and nobody sees keys outside its scope.</summary>
internal sealed class KeyAdmin(GrainCalls calls, KeyDirectory directory, TimeProvider time)
{
    /// <summary>Longest time for which the secret before a rotation may stay good.</summary>
    public static readonly TimeSpan MaxOverlap = TimeSpan.FromDays(30);

    private static readonly TimeSpan MaxLife = TimeSpan.FromDays(3660);

    /// <summary>Keys within the caller's scope.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        var ring = await calls.RetryAsync(g => Ring(g).WaitForNewer(-1, TimeSpan.Zero), cancellationToken);
        return [.. (ring?.Keys ?? []).Where(key => caller.Scope.Contains(ScopeOf(key))).OrderBy(key => key.Prefix, StringComparer.Ordinal)];
    }

    /// <summary>One of them; null when there is none.</summary>
    public async Task<ApiKey?> FindAsync(Caller caller, string prefix, CancellationToken cancellationToken) =>
        (await ListAsync(caller, cancellationToken)).FirstOrDefault(key => key.Prefix == prefix);

    public async Task<KeyOutcome> CreateAsync(Caller caller, string actor, KeyRequest request, CancellationToken cancellationToken)
    {
        var owner = Ownership.Of(caller, request.Tenant, request.Project);
        if (owner.Refusal is { } foreign) return new(Refusal: foreign);
        request = request with { Tenant = owner.Tenant, Project = owner.Project };
        if (Errors(request) is { Count: > 0 } errors) return new(Errors: errors);
        if (Excess(caller, request.Roles, new(request.Tenant, request.Project)) is { } excess) return new(Refusal: excess);
        while (true)
        {
            var prefix = ApiKeyText.NewPrefix();
            var text = ApiKeyText.New(prefix);
            var key = new ApiKey
            {
                Prefix = prefix,
                Name = request.Name,
                Hash = ApiKeyText.Hash(text),
                Roles = [.. request.Roles.Distinct()],
                Tenant = request.Tenant,
                Project = request.Project,
                NodeId = request.NodeId,
                ExpiresAt = End(caller) < (request.ExpiresAt ?? DateTimeOffset.MaxValue) ? End(caller) : request.ExpiresAt,
                CreatedBy = actor,
            };
            // The same key again is the same call.
            var change = await calls.RetryAsync(g => Ring(g).Add(key), cancellationToken);
            if (change.Status == KeyStatus.Taken) continue;
            if (change.Status == KeyStatus.Full) return new(Refusal: $"There are {IKeyRingGrain.MaxKeys} keys, which is as many as may be: revoke some.");
            await directory.FollowAsync(change.Version);
            return new(change.Key) { Text = text };
        }
    }

    /// <summary>Gives a key a new secret; the old one stays good for a while, so that its users can be told.</summary>
    public async Task<KeyOutcome> RotateAsync(Caller caller, string actor, string prefix, TimeSpan overlap, CancellationToken cancellationToken)
    {
        if (await FindAsync(caller, prefix, cancellationToken) is not { } key) return new();
        if (Excess(caller, key.Roles, ScopeOf(key)) is { } excess) return new(Refusal: excess);
        if (End(caller) < (key.ExpiresAt ?? DateTimeOffset.MaxValue)) return new(Refusal: $"{caller.Name} ends before key {prefix} does, and may not renew what lasts longer.");
        var text = ApiKeyText.New(prefix);
        var change = await calls.OnceAsync(g => Ring(g).Rotate(prefix, ApiKeyText.Hash(text), overlap, actor), cancellationToken);
        if (change is not { Status: KeyStatus.Accepted, Key: { } rotated }) return new();
        await directory.FollowAsync(change.Version);
        return new(rotated) { Text = text };
    }

    public async Task<KeyOutcome> RevokeAsync(Caller caller, string actor, string prefix, CancellationToken cancellationToken)
    {
        if (await FindAsync(caller, prefix, cancellationToken) is null) return new();
        var change = await calls.OnceAsync(g => Ring(g).Revoke(prefix, actor), cancellationToken);
        if (change.Status == KeyStatus.Accepted) await directory.FollowAsync(change.Version);
        return new(change.Key);
    }

    // Nobody gives what it does not have, time neither: a key that ends would otherwise live on in those that it made. A token or certificate is renewed for who it stands for: its end is not theirs.
    private static DateTimeOffset? End(Caller caller) => caller.Kind == CallerKind.ApiKey ? caller.EndsAt : null;

    private static Scope ScopeOf(ApiKey key) => new(key.Tenant, key.Project);

    private static IEnumerable<Role> RolesOf(IEnumerable<string> names) => names.Select(name => Access.Roles.TryParse(name, out var role) ? role : null).OfType<Role>();

    /// <summary>Why a caller may not hand out a key of these roles; null when it may.</summary>
    private static string? Excess(Caller caller, IReadOnlyList<string> roles, Scope scope) =>
        Access.Roles.Within(RolesOf(roles), scope).Where(permission => !caller.Has(permission)).Order().Select(p => p.Name()).ToArray() is { Length: > 0 } excess
            ? $"{caller.Name} may not give what it does not have: {string.Join(", ", excess)}."
            : null;

    private List<FieldError> Errors(KeyRequest request)
    {
        var errors = new List<FieldError>();
        if (!Names.IsValid(request.Name)) errors.Add(Names.Error("name"));
        if (request.Tenant.Length > 0 && !Names.IsValid(request.Tenant)) errors.Add(Names.Error("tenant"));
        if (request.Project.Length > 0 && !Names.IsValid(request.Project)) errors.Add(Names.Error("project"));
        if (request.Project.Length > 0 && request.Tenant.Length == 0) errors.Add(new("project", "needs a tenant."));
        if (request.Roles.Count == 0) errors.Add(new("roles", $"must have at least one of {string.Join(", ", Access.Roles.Names)}."));
        foreach (var (i, name) in request.Roles.Index())
        {
            if (!Access.Roles.TryParse(name, out var role)) errors.Add(new($"roles[{i}]", $"must be one of {string.Join(", ", Access.Roles.Names)}."));
            else if (Access.Roles.Within([role.Value], new(request.Tenant, request.Project)).All(p => p == Permission.Identify)) errors.Add(new($"roles[{i}]", $"{name} may do nothing within {new Scope(request.Tenant, request.Project)}."));
        }
        if (request.NodeId.Length > 0 && !Names.IsValid(request.NodeId)) errors.Add(Names.Error("nodeId"));
        if (request.NodeId.Length > 0 && !request.Roles.Contains(Role.NodeAgent.Name())) errors.Add(new("nodeId", $"is for the role {Role.NodeAgent.Name()}."));
        var now = time.GetUtcNow();
        if (request.ExpiresAt <= now || request.ExpiresAt > now + MaxLife) errors.Add(new("expiresAt", $"must be in the future, and at most {MaxLife.TotalDays:0} days from now."));
        return errors;
    }

    private static IKeyRingGrain Ring(IGrainFactory grains) => grains.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key);
}
