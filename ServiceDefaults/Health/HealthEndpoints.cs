using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace InferMesh.ServiceDefaults.Health;

/// <summary>The health endpoints and their JSON body: <c>{"status", "durationMs", "checks": [{"name", "status", "description", "durationMs"}]}</c>.</summary>
public static class HealthEndpoints
{
    /// <summary>Maps <c>/health</c> (all checks), <c>/health/ready</c>, <c>/health/live</c> and its alias <c>/alive</c>: 200 or 503.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <returns>The same builder.</returns>
    public static IEndpointRouteBuilder MapHealthEndpoints(this IEndpointRouteBuilder endpoints)
    {
        // Those who ask are load balancers and supervisors, which have no key.
        endpoints.MapHealthChecks("/health", Options(null)).AllowAnonymous();
        endpoints.MapHealthChecks("/health/ready", Options(HealthTags.Ready)).AllowAnonymous();
        endpoints.MapHealthChecks("/health/live", Options(HealthTags.Live)).AllowAnonymous();
        endpoints.MapHealthChecks("/alive", Options(HealthTags.Live)).AllowAnonymous();
        return endpoints;
    }

    private static HealthCheckOptions Options(string? tag) => new()
    {
        Predicate = check => tag is null || check.Tags.Contains(tag),
        ResponseWriter = WriteAsync,
    };

    // Exceptions stay in the log: an endpoint without authentication must not show connection strings or stacks.
    private static Task WriteAsync(HttpContext context, HealthReport report) =>
        context.Response.WriteAsJsonAsync(
            new
            {
                Status = report.Status.ToString(),
                DurationMs = Math.Round(report.TotalDuration.TotalMilliseconds, 3),
                Checks = report.Entries.Select(entry => new
                {
                    Name = entry.Key,
                    Status = entry.Value.Status.ToString(),
                    entry.Value.Description,
                    DurationMs = Math.Round(entry.Value.Duration.TotalMilliseconds, 3),
                }),
            },
            JsonSerializerOptions.Web,
            context.RequestAborted);
}
