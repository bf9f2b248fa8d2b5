using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using InferMesh.AppHost.Tools;
using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost.Aspire;

/// <summary>The same mesh as resources of .NET Aspire.</summary>
internal static class AspireRunner
{
    private static readonly TimeSpan EngineLimit = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(MeshTopology mesh, string[] args)
    {
        if (mesh.PostgresSource.Kind == SourceKind.Executable)
        {
            await Console.Error.WriteLineAsync("Mesh:Postgres=executable needs the local form: use Mesh:Mode=local, or Mesh:Postgres=container, none or a connection string");
            return 2;
        }

        var builder = DistributedApplication.CreateBuilder(args);
        var clients = Environment.GetEnvironmentVariable("ASPIRE_CONTAINER_RUNTIME") is { Length: > 0 } one ? [one] : ContainerEngine.Clients;
        var executables = PathExecutables.OfThisMachine();
        // What is published is always the container form, whatever this machine has.
        var containers = builder.ExecutionContext.IsPublishMode || await ContainerEngine.AnswersAsync(executables, clients, EngineLimit);
        Directory.CreateDirectory(mesh.DataDirectory);
        Describe(builder, mesh, containers, executables);
        await builder.Build().RunAsync();
        return 0;
    }

    public static void Describe(IDistributedApplicationBuilder builder, MeshTopology mesh, bool containers, IExecutables executables)
    {
        // A connection string or an executable has no type from which Aspire could tell the Orleans provider.
        var redis = AspireStores.Redis(builder, mesh, containers, executables).WithOrleansProviderType("Redis");
        var database = AspireStores.Database(builder, mesh, containers);
        var orleans = builder.AddOrleans("mesh").WithClusterId(mesh.ClusterId).WithServiceId(mesh.ServiceId).WithClustering(redis);

        var silo = AddSilos(builder, mesh, database).WithReference(orleans).WaitFor(redis);
        var api = builder.AddProject<Projects.Api>(MeshTopology.Api, launchProfileName: null)
            .WithReference(orleans.AsClient())
            .WaitFor(silo)
            // Fixed ports without Aspire's proxy: the API binds them itself, so they stay out of ASPNETCORE_URLS.
            .WithHttpEndpoint(port: mesh.ApiPort, targetPort: mesh.ApiPort, name: "http", env: MeshEnvironment.HttpPort, isProxied: false)
            .WithHttpEndpoint(port: mesh.GrpcPort, targetPort: mesh.GrpcPort, name: "grpc", env: MeshEnvironment.GrpcPort, isProxied: false)
            .WithEndpointsInEnvironment(_ => false)
            .WithEnvironment(MeshEnvironment.SecurityMode, Environment.GetEnvironmentVariable(MeshEnvironment.SecurityMode) ?? MeshEnvironment.Development)
            .WithHttpHealthCheck(MeshTopology.ReadyPath, endpointName: "http")
            .WithUrlForEndpoint("http", _ => new() { Url = MeshTopology.SwaggerPath, DisplayText = "Swagger" });

        if (mesh.FleetPlan is { } plan)
        {
            builder.AddProject<Projects.Cli>(MeshTopology.Fleet, launchProfileName: null)
                .WithArgs(FleetArguments.Of(plan, mesh.GrpcAddress).ToArray())
                .WaitFor(api);
        }

        if (mesh.TrainerPlan is { } trainers)
        {
            foreach (var (i, file) in trainers.Write(mesh.TrainerDirectory, mesh.GrpcAddress).Index())
                builder.AddProject<Projects.Cli>(TrainerPlan.Name(i), launchProfileName: null).WithArgs("agent", "--config", file).WaitFor(api);
        }
    }

    private static IResourceBuilder<ProjectResource> AddSilos(
        IDistributedApplicationBuilder builder, MeshTopology mesh, IResourceBuilder<IResourceWithConnectionString>? database)
    {
        var silo = builder.AddProject<Projects.Silo>(MeshTopology.Silo, launchProfileName: null)
            .WithHttpEndpoint(name: "http")
            .WithHttpHealthCheck(MeshTopology.ReadyPath, endpointName: "http")
            .WithReplicas(mesh.Silos);
        // One absolute path: all replicas share the file.
        return database is null
            ? silo.WithEnvironment(MeshEnvironment.StorageProvider, "sqlite").WithEnvironment(MeshEnvironment.StorageSqlitePath, mesh.SqlitePath)
            : silo.WithEnvironment(MeshEnvironment.StorageProvider, "postgres").WithReference(database, MeshTopology.Database).WaitFor(database);
    }
}
