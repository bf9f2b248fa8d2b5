using InferMesh.Silo.Options;
using InferMesh.Silo.Storage.Postgres;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.Silo.Storage;

[TestClass]
public sealed class PostgresGrainStorageTests : GrainStorageContract
{
    private static PostgresFixture? s_server;

    [ClassInitialize]
    public static async Task StartServer(TestContext _) => s_server = await PostgresFixture.StartAsync();

    [ClassCleanup]
    public static async Task StopServer()
    {
        if (s_server is not null)
            await s_server.DisposeAsync();
    }

    internal override Task<StorageHost> OpenAsync() =>
        StorageHost.OpenAsync(new StorageSettings { Provider = StorageProvider.Postgres, ConnectionString = s_server!.ConnectionString });

    [TestMethod]
    public async Task ApplySchema_FourSilosStartAtOnce_AllSucceedInTheirSchema()
    {
        var schema = $"mesh_{Guid.NewGuid():N}";
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            await using var database = new PostgresDatabase($"{s_server!.ConnectionString};Search Path={schema}");
            await database.ApplySchemaAsync(CancellationToken.None);
        })));

        await using var check = new PostgresDatabase($"{s_server!.ConnectionString};Search Path={schema}");
        await using var command = check.Source.CreateCommand("select count(*) from orleansquery");
        Assert.AreEqual(11L, await command.ExecuteScalarAsync());
        await check.ApplySchemaAsync(CancellationToken.None);
    }

    [TestMethod]
    public async Task ApplySchema_NoSearchPath_UsesTheSchemaOrleans()
    {
        await using var database = new PostgresDatabase(s_server!.ConnectionString);
        await database.ApplySchemaAsync(CancellationToken.None);

        await using var command = database.Source.CreateCommand("select to_regclass('orleans.grain_state') is not null");
        Assert.AreEqual(true, await command.ExecuteScalarAsync());
        Assert.DoesNotContain("Password", database.Description);
    }
}
