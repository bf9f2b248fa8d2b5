using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Endpoints.Tenants;

/// <summary>Reads all tenants that have limits.</summary>
internal static class TenantReader
{
    private const int Parallel = 16;

    /// <summary>Tenants by name.</summary>
    public static async Task<IReadOnlyList<Tenant>> TenantsAsync(this GrainCalls calls, CancellationToken cancellationToken)
    {
        var names = (await calls.RetryAsync(grains => grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants).List(), cancellationToken)).Names;
        var tenants = new Tenant?[names.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForAsync(0, names.Count, options, async (i, cancel) => tenants[i] = await calls.RetryAsync(grains => grains.GetGrain<ITenantGrain>(names[i]).Get(), cancel));
        // A name without a tenant is one that is being created or deleted.
        return [.. tenants.OfType<Tenant>()];
    }
}
