using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace InferMesh.ServiceDefaults.Health;

/// <summary>Healthy because it answers: a hung process gives no answer at all.</summary>
internal sealed class ProcessHealthCheck : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(HealthCheckResult.Healthy($"pid {Environment.ProcessId}"));
}
