using System.Diagnostics;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Events;
using InferMesh.Grains.Options;
using Orleans.Storage;

namespace InferMesh.Tests.Unit.Silo.Storage;

/// <summary>The event log on a real database.</summary>
public abstract class EventStorageContract
{
    public required TestContext TestContext { get; set; }

    internal abstract Task<StorageHost> OpenAsync();

    [TestMethod]
    [DataRow(1, 200)]
    [DataRow(64, 6_400)]
    [DataRow(512, 20_480)]
    public async Task Append_InBatches_AllIsThereAfterALoadAndWhatIsOldIsDeleted(int batch, int events)
    {
        await using var host = await OpenAsync();
        var keep = new EventSettings { Keep = 10_000 };
        var log = await LoadAsync(host);
        var before = log.StoredId;
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < events; i += batch) await log.AppendAsync(Events($"source/{batch}", before + i, batch), keep);
        TestContext.WriteLine($"{events / watch.Elapsed.TotalSeconds:0} events/s in batches of {batch}");

        var again = await LoadAsync(host);
        Assert.AreEqual(before + events, again.StoredId);
        Assert.IsTrue(again.StoredId - again.FirstId < keep.Keep + (2 * EventSegment.Size), $"{again.FirstId} to {again.StoredId}");
        var all = await again.ReadAsync(again.FirstId - 1, int.MaxValue);
        CollectionAssert.AreEqual(Enumerable.Range(0, all.Events.Count).Select(i => again.FirstId + i).ToArray(), all.Events.Select(static e => e.Id).ToArray());
        var repeated = Events($"source/{batch}", before + events - batch, batch);
        await again.AppendAsync(repeated, keep);
        Assert.AreEqual(before + events, again.StoredId, "a repetition is dropped");
    }

    [TestMethod]
    public async Task Append_TwoActivations_TheOneBehindFails()
    {
        await using var host = await OpenAsync();
        var old = await LoadAsync(host);
        var young = await LoadAsync(host);
        await young.AppendAsync(Events("young", 0, 300), new());

        await Assert.ThrowsAsync<InconsistentStateException>(() => old.AppendAsync(Events("old", 0, 1), new()));
        await young.AppendAsync(Events("young", 300, 1), new());
    }

    private static async Task<EventStore> LoadAsync(StorageHost host)
    {
        var log = new EventStore(new(host.Storage), TimeProvider.System);
        await log.LoadAsync();
        return log;
    }

    private static IncomingEvent[] Events(string source, long from, int count) =>
    [
        .. Enumerable.Range(1, count).Select(i => new IncomingEvent(new(
            new() { Type = EventTypes.NodeHealthChanged, Subject = $"node-{i % 97}", Reason = "silent", Data = new Dictionary<string, string> { ["from"] = "ready", ["to"] = "suspect" } }, source, from + i))),
    ];
}

[TestClass]
public sealed class SqliteEventStorageTests : EventStorageContract, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("infermesh-event-storage-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    internal override Task<StorageHost> OpenAsync() => StorageHost.OpenAsync(new() { SqlitePath = Path.Combine(_directory, "mesh.db") });
}

[TestClass]
public sealed class PostgresEventStorageTests : EventStorageContract
{
    private static InferMesh.Tests.Shared.PostgresFixture? s_server;

    [ClassInitialize]
    public static async Task StartServer(TestContext _) => s_server = await InferMesh.Tests.Shared.PostgresFixture.StartAsync();

    [ClassCleanup]
    public static async Task StopServer()
    {
        if (s_server is not null)
            await s_server.DisposeAsync();
    }

    internal override Task<StorageHost> OpenAsync() => StorageHost.OpenAsync(new()
    {
        Provider = InferMesh.Silo.Options.StorageProvider.Postgres,
        ConnectionString = $"{s_server!.ConnectionString};Search Path=events_{Guid.NewGuid():N}",
    });
}
