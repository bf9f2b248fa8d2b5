using InferMesh.Silo.Options;
using InferMesh.Silo.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace InferMesh.Tests.Unit.Silo.Storage;

[TestClass]
public sealed class SqliteGrainStorageTests : GrainStorageContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-sqlite-");

    private string FilePath => Path.Combine(_folder.FullName, "not", "there", "mesh.db");

    internal override Task<StorageHost> OpenAsync() => StorageHost.OpenAsync(new StorageSettings { SqlitePath = FilePath });

    [TestCleanup]
    public void Cleanup()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [TestMethod]
    public async Task ApplySchema_EightSilosStartAtOnce_AllSucceed()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new SqliteDatabase(FilePath).ApplySchemaAsync(CancellationToken.None))));

        await new SqliteDatabase(FilePath).ProbeAsync(CancellationToken.None);
    }

    [TestMethod]
    public async Task ApplySchema_Again_KeepsStateAndVersions()
    {
        await using var silo = await OpenAsync();
        var grain = GrainId.Create("job", "1");
        var state = new LeaseState(new Lease { Count = 4 });
        await silo.Storage.WriteStateAsync("s", grain, state);

        await new SqliteDatabase(FilePath).ApplySchemaAsync(CancellationToken.None);

        var read = new LeaseState(new Lease());
        await silo.Storage.ReadStateAsync("s", grain, read);
        Assert.AreEqual((4, state.ETag), (read.State.Count, read.ETag));
    }

    [TestMethod]
    public void Open_AnyConnection_FlushesEveryCommit()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        using var connection = new SqliteDatabase(FilePath).Open();
        using var command = connection.CreateCommand();
        command.CommandText = "pragma synchronous";

        Assert.AreEqual(2L, command.ExecuteScalar(), "2 is FULL");
    }

    [TestMethod]
    public async Task Read_DamagedPayload_IsAnOrleansExceptionThatNamesTheGrain()
    {
        await using var silo = await OpenAsync();
        var grain = GrainId.Create("job", "damaged");
        await silo.Storage.WriteStateAsync("s", grain, new LeaseState(new Lease()));
        using (var connection = new SqliteDatabase(FilePath).Open())
        {
            using var command = connection.CreateCommand();
            command.CommandText = "update grain_state set payload = x'00ff'";
            command.ExecuteNonQuery();
        }

        var e = await Assert.ThrowsExactlyAsync<OrleansException>(() => silo.Storage.ReadStateAsync("s", grain, new LeaseState(new Lease())));

        Assert.Contains("job/damaged", e.Message);
        Assert.IsNull(e.InnerException, "the driver's exception must not cross the wire");
    }

    [TestMethod]
    public async Task Write_TableIsGone_IsAnOrleansExceptionAndTheWriterLivesOn()
    {
        await using var silo = await OpenAsync();
        Execute("alter table grain_state rename to hidden");
        var state = new LeaseState(new Lease { Count = 1 });

        var errors = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
            Assert.ThrowsExactlyAsync<OrleansException>(() => silo.Storage.WriteStateAsync("s", GrainId.Create("job", $"{i}"), new LeaseState(new Lease())))));
        Execute("alter table hidden rename to grain_state");
        await silo.Storage.WriteStateAsync("s", GrainId.Create("job", "after"), state);

        Assert.HasCount(4, errors);
        Assert.IsTrue(state.RecordExists);
    }

    [TestMethod]
    public async Task Write_AfterStop_IsRefusedReadably()
    {
        var silo = await OpenAsync();
        var storage = silo.Storage;
        await silo.DisposeAsync();

        await Assert.ThrowsExactlyAsync<OrleansException>(() => storage.WriteStateAsync("s", GrainId.Create("job", "1"), new LeaseState(new Lease())));
    }

    [TestMethod]
    public async Task Stop_WithQueuedWrites_FinishesThem()
    {
        var silo = await OpenAsync();
        var storage = silo.Storage;
        var writes = Enumerable.Range(0, 500).Select(i => storage.WriteStateAsync("s", GrainId.Create("job", $"{i}"), new LeaseState(new Lease { Count = i }))).ToArray();
        await silo.DisposeAsync();
        await Task.WhenAll(writes);

        await using var again = await OpenAsync();
        var last = new LeaseState(new Lease());
        await again.Storage.ReadStateAsync("s", GrainId.Create("job", "499"), last);
        Assert.AreEqual(499, last.State.Count);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteDatabase(FilePath).Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
