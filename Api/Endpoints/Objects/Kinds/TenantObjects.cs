using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Tenants;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Tenants and their limits.</summary>
internal sealed class TenantObjects(GrainCalls calls) : ObjectKind<TenantBody, TenantSpec>(calls, "Tenant", BackedUpTypes.Tenant)
{
    public override Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) => DirectoryAsync(DirectoryKeys.Tenants, after, limit, cancellationToken);

    protected override TenantSpec Read(string name, TenantBody body, BodyReader reader) => body.Read(reader);

    protected override async Task<Held<TenantSpec>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<ITenantGrain>(key).Get(), cancellationToken) is { } tenant ? new(tenant.Version, tenant.Spec) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, TenantSpec spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<ITenantGrain>(key).Check(spec), cancellationToken);

    protected override async Task<Written> WriteAsync(string key, TenantSpec spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.OnceAsync(g => g.GetGrain<ITenantGrain>(key).Put(spec, expected, actor), cancellationToken);
        return result.Status == TenantStatus.Accepted ? new(result.CurrentVersion, null) : Refusals.Stale(result.CurrentVersion, expected, result.Errors);
    }
}
