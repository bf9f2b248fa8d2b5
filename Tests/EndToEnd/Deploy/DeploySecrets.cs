using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Deploy;

/// <summary>Secrets as make-secrets.sh makes them, but with the connection strings of the stores of the test.</summary>
internal sealed class DeploySecrets : IDisposable
{
    public const string Deploy = "Aspire.AppHost/deploy";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-deploy-");

    public string AdminKey => File.ReadAllText(Path.Combine(Of("api"), "InferMesh__Api__AdminKeys__0"));

    public string AgentKey => File.ReadAllText(Path.Combine(Of("agent"), "api_key"));

    public static string SettingsFile => Path.Combine(Repository.Root, Deploy, "infermesh.json");

    public static async Task<DeploySecrets> MakeAsync(RedisFixture redis, PostgresFixture postgres)
    {
        var secrets = new DeploySecrets();
        await ExternalProcess.RunAsync("bash", Path.Combine(Repository.Root, Deploy, "make-secrets.sh"), secrets._folder.FullName);
        foreach (var process in new[] { "silo", "api" })
            await File.WriteAllTextAsync(Path.Combine(secrets.Of(process), "ConnectionStrings__redis"), redis.ConnectionString + "\n");
        await File.WriteAllTextAsync(Path.Combine(secrets.Of("silo"), "ConnectionStrings__meshdb"), postgres.ConnectionString + "\n");
        return secrets;
    }

    public string Of(string process) => Path.Combine(_folder.FullName, process);

    public void Dispose() => _folder.Delete(recursive: true);
}
