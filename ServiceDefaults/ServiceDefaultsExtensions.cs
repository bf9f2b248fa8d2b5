using InferMesh.ServiceDefaults.Health;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace InferMesh.ServiceDefaults;

/// <summary>What every long-running process of the mesh has: telemetry, health and a guard against being orphaned.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Adds OpenTelemetry, health checks and <see cref="ParentWatch"/>.</summary>
    /// <param name="builder">The host being built.</param>
    /// <returns>The same builder.</returns>
    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMeshTelemetry();
        builder.Services.AddHealthChecks().AddCheck<ProcessHealthCheck>("process", tags: [HealthTags.Live]);
        builder.AddParentWatch();
        return builder;
    }

    /// <summary>Maps <c>/health</c>, <c>/health/ready</c>, <c>/health/live</c>, <c>/alive</c> and <c>/metrics</c>.</summary>
    /// <param name="app">The application to map the endpoints on.</param>
    /// <returns>The page of metrics: a host that knows its callers says which of them may read it.</returns>
    public static IEndpointConventionBuilder MapServiceDefaults(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthEndpoints();
        return app.MapPrometheusScrapingEndpoint("/metrics");
    }
}
