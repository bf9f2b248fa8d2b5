using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace InferMesh.Api.Hosting;

/// <summary>Ready when a router of the cluster answers: then the client is connected and a silo serves.</summary>
internal sealed class ClusterHealthCheck(IGrainFactory grains) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var status = await grains.GetGrain<IRouterGrain>(0).Status().AsTask().WaitAsync(Patience, cancellationToken);
            return HealthCheckResult.Healthy($"{status.Silo} answers: {status.ReadyNodes} of {status.Nodes} nodes ready, {status.Models} models");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Without the exception: the check runs every few seconds, and a stack each time would bury the log.
            return HealthCheckResult.Unhealthy($"the cluster does not answer ({e.GetType().Name})");
        }
    }
}
