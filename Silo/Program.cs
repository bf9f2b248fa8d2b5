using InferMesh.Grains;
using InferMesh.ServiceDefaults;
using InferMesh.ServiceDefaults.Configuration;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Clustering;
using InferMesh.Silo.Health;
using InferMesh.Silo.Options;
using InferMesh.Silo.Probes;
using InferMesh.Silo.Storage;
using InferMesh.Silo.Streams;

return await MeshHost.RunAsync(args, () =>
{
    var builder = MeshHost.CreateBuilder(args, MeshRole.Silo);
    builder.Configuration.AddAspireNames();
    builder.AddServiceDefaults();

    var settings = builder.AddSiloSettings();
    builder.AddClusterConnections(settings.Cluster, settings.Tls);
    builder.AddSiloHealth(settings.Cluster);
    builder.UseSiloHttp(settings.Http);

    builder.UseOrleans(silo => silo
        .UseMeshClustering(settings.Cluster)
        .UseMeshStorage(settings.Storage)
        .AddTelemetryStreams()
        .AddMeshGrains()
        .AddActivityPropagation());
    builder.AddProbes(settings.Probes);

    var app = builder.Build();
    app.MapServiceDefaults();
    app.LogWhenActive();
    return app;
});
