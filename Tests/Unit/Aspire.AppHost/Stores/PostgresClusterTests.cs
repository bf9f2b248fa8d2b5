using InferMesh.AppHost.Local;
using InferMesh.AppHost.Stores;
using InferMesh.AppHost.Tools;
using InferMesh.Tests.Unit.AppHost.Local;
using Npgsql;

namespace InferMesh.Tests.Unit.AppHost.Stores;

[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class PostgresClusterTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Cluster_MadeAndServed_TakesConnectionsOnlyWithItsPassword()
    {
        if (PostgresPrograms.Find(PathExecutables.OfThisMachine()) is not { } programs)
        {
            Assert.Inconclusive("PostgreSQL's server programs are not installed");
            return;
        }

        using var directory = new TestDirectory();
        // As root, the server runs as another user, who must be able to enter.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(directory.Path, (UnixFileMode)0b111_101_101);
        var cluster = new PostgresCluster(programs, directory.File("postgres"), "meshdb");
        await cluster.EnsureCreatedAsync(TestContext.CancellationToken);
        await cluster.EnsureCreatedAsync(TestContext.CancellationToken);
        var port = new PortFinder().Next();
        var events = new EventRecorder();
        using var supervisor = new Supervisor(new(), events, s => new ProcessLog(s.Name, TextWriter.Null, TextWriter.Null, false, null));
        try
        {
            await supervisor.StartTierAsync([StoreProcesses.Postgres(cluster, port, new Dictionary<string, string?>())], TestContext.CancellationToken);

            Assert.AreEqual("meshdb", await DatabaseAsync(cluster.ConnectionString(port)));
            await Assert.ThrowsExactlyAsync<PostgresException>(() => DatabaseAsync(new NpgsqlConnectionStringBuilder(cluster.ConnectionString(port)) { Password = "guess" }.ConnectionString));
        }
        finally
        {
            await supervisor.StopAsync();
        }

        Assert.AreEqual("exited with code 0", (await events.WaitAsync("postgres", ProcessEventKind.Stopped)).Detail);
    }

    private async Task<object?> DatabaseAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
        await using var command = source.CreateCommand("select current_database()");
        return await command.ExecuteScalarAsync(TestContext.CancellationToken);
    }
}
