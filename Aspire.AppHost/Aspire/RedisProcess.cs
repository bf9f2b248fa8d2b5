using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace InferMesh.AppHost.Aspire;

/// <summary>redis-server as a plain process: Aspire's orchestrator and dashboard without a container engine.</summary>
internal sealed class RedisProcess(string name, string directory) : ExecutableResource(name, "redis-server", directory), IResourceWithConnectionString
{
    private EndpointReference Tcp => new(this, "tcp");

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Tcp.Property(EndpointProperty.HostAndPort)}");

    public static IResourceBuilder<RedisProcess> Add(IDistributedApplicationBuilder builder, MeshTopology mesh)
    {
        var directory = Directory.CreateDirectory(Path.Combine(mesh.DataDirectory, "redis")).FullName;
        var redis = new RedisProcess(MeshTopology.Redis, directory);
        return builder.AddResource(redis)
            .WithEndpoint(name: "tcp", scheme: "tcp")
            .WithArgs("--port", redis.Tcp.Property(EndpointProperty.TargetPort), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", "");
    }
}
