namespace InferMesh.Silo.Probes;

/// <summary>Hosts the probes in the silo.</summary>
internal static class ProbeExtensions
{
    /// <summary>Starts the probes after the silo, and stops them before it; call it after the silo is added.</summary>
    public static WebApplicationBuilder AddProbes(this WebApplicationBuilder builder, ProbeSettings settings)
    {
        if (!settings.Enabled)
            return builder;
        builder.Services.AddSingleton<ITelemetrySink, ClusterTelemetrySink>();
        builder.Services.AddHostedService(services => new ProbeService(
            settings,
            services.GetRequiredService<ITelemetrySink>(),
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetRequiredService<ILogger<ProbeService>>()));
        return builder;
    }
}
