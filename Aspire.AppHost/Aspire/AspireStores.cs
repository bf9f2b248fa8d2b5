using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using InferMesh.AppHost.Tools;
using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost.Aspire;

/// <summary>Redis and PostgreSQL as resources of Aspire.</summary>
internal static class AspireStores
{
    public static IResourceBuilder<IResourceWithConnectionString> Redis(IDistributedApplicationBuilder builder, MeshTopology mesh, bool containers, IExecutables executables) => mesh.RedisSource switch
    {
        { Kind: SourceKind.Connection, ConnectionString: var connection } => builder.AddConnectionString(MeshTopology.Redis, ReferenceExpression.Create($"{connection}")),
        { Kind: SourceKind.Container } => Container(builder),
        { Kind: SourceKind.Auto } when containers => Container(builder),
        { Kind: SourceKind.Embedded } => Embedded(builder),
        { Kind: SourceKind.Auto } when executables.Find("redis-server") is null => Embedded(builder),
        _ => RedisProcess.Add(builder, mesh),
    };

    /// <summary>Null: grain state is kept in SQLite.</summary>
    public static IResourceBuilder<IResourceWithConnectionString>? Database(IDistributedApplicationBuilder builder, MeshTopology mesh, bool containers) => mesh.PostgresSource switch
    {
        { Kind: SourceKind.Connection, ConnectionString: var connection } => builder.AddConnectionString(MeshTopology.Database, ReferenceExpression.Create($"{connection}")),
        { Kind: SourceKind.Container } => PostgresContainer(builder),
        { Kind: SourceKind.Auto } when containers => PostgresContainer(builder),
        _ => null,
    };

    // No TLS on the loopback: plain StackExchange.Redis in the processes would have to trust the development certificate.
    private static IResourceBuilder<RedisResource> Container(IDistributedApplicationBuilder builder) =>
        builder.AddRedis(MeshTopology.Redis).WithDataVolume().WithoutHttpsCertificate();

    private static IResourceBuilder<PostgresDatabaseResource> PostgresContainer(IDistributedApplicationBuilder builder) =>
        builder.AddPostgres(MeshTopology.Postgres).WithDataVolume().AddDatabase(MeshTopology.Database);

    private static IResourceBuilder<ConnectionStringResource> Embedded(IDistributedApplicationBuilder builder)
    {
        var garnet = builder.AddProject<Projects.EmbeddedRedis>("garnet", launchProfileName: null).WithEndpoint(name: "tcp", scheme: "tcp");
        var tcp = garnet.GetEndpoint("tcp");
        garnet.WithArgs("--bind", "127.0.0.1", "--lua", "--memory", "64m", "--index", "8m", "--logger-level", "Warning", "--port", tcp.Property(EndpointProperty.TargetPort));
        return builder.AddConnectionString(MeshTopology.Redis, ReferenceExpression.Create($"{tcp.Property(EndpointProperty.HostAndPort)}"));
    }
}
