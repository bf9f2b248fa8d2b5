using InferMesh.Silo.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace InferMesh.Silo.Health;

/// <summary>Ready when the database answers.</summary>
internal sealed class StorageHealthCheck(IMeshDatabase database) : IHealthCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await Task.Run(() => database.ProbeAsync(cancellationToken), cancellationToken).WaitAsync(s_patience, cancellationToken);
            return HealthCheckResult.Healthy(database.Description);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"{database.Description} does not answer: {e.GetType().Name}");
        }
    }
}
