using System.Reflection;
using InferMesh.ServiceDefaults.Options;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace InferMesh.ServiceDefaults.Telemetry;

/// <summary>OpenTelemetry as the mesh uses it: Prometheus is always on, OTLP only where an endpoint is named.</summary>
public static class TelemetryExtensions
{
    private const int MaxMetricStreams = 100_000;

    /// <summary>The standard variable that turns OTLP export on.</summary>
    public const string OtlpEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Adds metrics, traces and logs; exports them by OTLP when <see cref="OtlpEndpointVariable"/> is set. Protocol, headers, sampler, batches and resource attributes are those of
    /// OpenTelemetry's own variables, such as <c>OTEL_TRACES_SAMPLER=parentbased_traceidratio</c>.
    /// </summary>
    /// <param name="builder">The host being built.</param>
    /// <returns>The same builder.</returns>
    public static IHostApplicationBuilder AddMeshTelemetry(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var settings = builder.Services.AddMeshOptions<TelemetrySettings>(builder.Configuration, TelemetrySettings.Section);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName,
                serviceNamespace: "infermesh",
                serviceVersion: Version,
                serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}"))
            .WithMetrics(metrics => metrics
                .AddMeter("Microsoft.Orleans", "Npgsql", "InferMesh.*")
                .AddInstrumentation(services => ActivatorUtilities.CreateInstance<GrainCallMetrics>(services))
                .AddRuntimeInstrumentation()
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddView(instrument => MetricViews.Of(instrument, settings))
                // A meter that is made anew takes new places, and the old ones are not given out again: see ChurningGauges.
                .SetMaxMetricStreams(MaxMetricStreams)
                // Of requests that are traced: a bucket then names a trace that fell into it.
                .SetExemplarFilter(ExemplarFilterType.TraceBased)
                .AddPrometheusExporter(exporter => exporter.ScopeInfoEnabled = false));

        // Without a collector the exporters would retry for nothing, log providers would format every record twice, and each grain
        // call would fill a span that nobody reads. Trace context still passes through: that is not the exporter's work.
        if (!string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpointVariable]))
        {
            telemetry.WithTracing(traces => traces
                .AddSource("Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application", "Npgsql", "InferMesh.*")
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !IsProbe(context.Request.Path))
                .AddHttpClientInstrumentation());
            builder.Logging.AddOpenTelemetry(logs => logs.IncludeScopes = true);
            telemetry.UseOtlpExporter();
        }

        return builder;
    }

    private static string? Version => Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];

    // A probe every second would drown the traces that matter.
    private static bool IsProbe(Microsoft.AspNetCore.Http.PathString path) =>
        path.StartsWithSegments("/health", StringComparison.Ordinal)
        || path.StartsWithSegments("/alive", StringComparison.Ordinal)
        || path.StartsWithSegments("/metrics", StringComparison.Ordinal);
}
