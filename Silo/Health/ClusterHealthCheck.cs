using InferMesh.Silo.Options;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace InferMesh.Silo.Health;

/// <summary>
/// Ready when this silo is an active member, also in the shared list: a silo that was dropped from it (the list was lost, or the
/// others voted it dead) cannot be found by clients though it runs. A list that does not answer only degrades: a running cluster
/// goes on without it.
/// </summary>
internal sealed class ClusterHealthCheck(ISiloStatusOracle silos, IMembershipTable table, ClusterSettings settings) : IHealthCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var self = silos.SiloAddress;
        if (silos.CurrentStatus != SiloStatus.Active)
            return HealthCheckResult.Unhealthy($"{self} is {silos.CurrentStatus}");
        if (settings.Provider != ClusterProvider.Redis)
            return Active();

        try
        {
            var members = (await table.ReadAllAsync(cancellationToken).WaitAsync(s_patience, cancellationToken)).Members;
            return members.Any(member => member.Item1.SiloAddress.Equals(self) && member.Item1.Status == SiloStatus.Active)
                ? Active()
                : HealthCheckResult.Unhealthy($"{self} is not in the membership list");
        }
        catch (Exception e) when (e is TimeoutException or RedisException)
        {
            return HealthCheckResult.Degraded($"{self} is active, but the membership list does not answer: {e.GetType().Name}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy($"The membership list is damaged: {e.Message}");
        }

        HealthCheckResult Active() => HealthCheckResult.Healthy($"{self} is one of {silos.GetActiveSilos().Length} active silos");
    }
}
