using InferMesh.Adapters.Storage;
using InferMesh.Adapters.Storage.S3;
using InferMesh.Adapters.Tls;

namespace InferMesh.Tests.Unit.Adapters.Storage;

[TestClass]
public sealed class S3StorageProbeTests
{
    private const int ObjectBytes = 3_000_000;
    private static readonly S3Keys Keys = new(FakeS3.KeyId, FakeS3.Secret, FakeS3.Token);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("weights.bin", "/models/weights.bin")]
    [DataRow("llama 3/ü+~(1).bin", "/models/llama%203/%C3%BC%2B~%281%29.bin")]
    public async Task Read_SignedObject_IsMeasured(string key, string path)
    {
        await using var server = await FakeS3.StartAsync();
        server.Objects[path] = new byte[ObjectBytes];
        var reading = await ReadAsync(server, Keys, key, bytes: 1_000_000);

        Assert.IsTrue(reading.Healthy, reading.Error);
        Assert.AreEqual(ObjectBytes, reading.TotalBytes);
        Assert.IsTrue(reading is { LatencySeconds: > 0, FirstByteSeconds: > 0, ReadBytesPerSecond: > 0, ReadMayBeCached: false }, reading.ToString());
        CollectionAssert.AreEqual(new[] { $"HEAD {path}", $"GET {path} bytes=0-999999" }, server.Requests.ToArray());
        Assert.AreEqual("the probe writes nothing", reading.Missing[nameof(reading.WriteBytesPerSecond)]);
        FileStorageProbeTests.AssertEveryNullHasAReason(reading);
    }

    [TestMethod]
    public async Task Read_PublicObject_NeedsNoKeys()
    {
        await using var server = await FakeS3.StartAsync();
        server.Public = true;
        server.Objects["/models/a"] = [1, 2, 3];
        Assert.IsTrue((await ReadAsync(server, null, "a")).Healthy);
    }

    [TestMethod]
    public async Task Read_ServiceWithoutRanges_IsReadToTheLimitOnly()
    {
        await using var server = await FakeS3.StartAsync();
        server.KnowsRanges = false;
        server.Objects["/models/a"] = new byte[ObjectBytes];
        Assert.IsTrue((await ReadAsync(server, Keys, "a", bytes: 10)).Healthy);
    }

    [TestMethod]
    public async Task Read_EmptyObject_HasNoSpeed()
    {
        await using var server = await FakeS3.StartAsync();
        server.Objects["/models/a"] = [];
        var reading = await ReadAsync(server, Keys, "a");
        Assert.IsTrue(reading is { Healthy: true, TotalBytes: 0, ReadBytesPerSecond: null });
        Assert.AreEqual("the object is empty", reading.Missing[nameof(reading.ReadBytesPerSecond)]);
        FileStorageProbeTests.AssertEveryNullHasAReason(reading);
    }

    [TestMethod]
    [DataRow("wrong", "a", "HEAD /models/a answered 403: check keys, region and the clock")]
    [DataRow(null, "a", "HEAD /models/a answered 403: it may not be read without keys")]
    [DataRow(FakeS3.Secret, "b", "HEAD /models/b answered 404: there is no such bucket or object")]
    public async Task Read_Refused_SaysWhyWithoutTheSecret(string? secret, string key, string expected)
    {
        await using var server = await FakeS3.StartAsync();
        server.Objects["/models/a"] = [1];
        var reading = await ReadAsync(server, secret is null ? null : Keys with { SecretAccessKey = secret }, key);
        Assert.IsFalse(reading.Healthy);
        StringAssert.Contains(reading.Error, expected);
        Assert.DoesNotContain(FakeS3.Secret, reading.ToString());
        FileStorageProbeTests.AssertEveryNullHasAReason(reading);
    }

    [TestMethod]
    public async Task Read_ServiceThatHangsOrIsGone_EndsWithTheReason()
    {
        var server = await FakeS3.StartAsync();
        server.Delay = TimeSpan.FromMinutes(5);
        var hung = await ReadAsync(server, Keys, "a", timeout: TimeSpan.FromMilliseconds(100));
        StringAssert.Contains(hung.Error, "not done within 0.1 s");
        await server.DisposeAsync();
        var gone = await ReadAsync(server, Keys, "a");
        Assert.IsFalse(gone.Healthy);
        StringAssert.Contains(gone.Error, server.Address.ToString());
    }

    [TestMethod]
    public void Constructor_OptionOutOfRange_NamesIt()
    {
        var good = new S3StorageOptions { Name = "a", Endpoint = new Uri("http://h"), Bucket = "b", Key = "k" };
        using var client = new HttpClient();
        foreach (var (options, name) in new[]
        {
            (good with { Endpoint = new Uri("ftp://h") }, "Endpoint"), (good with { Endpoint = new Uri("http://h/path") }, "Endpoint"), (good with { Bucket = "a/b" }, "Bucket"), (good with { Bucket = ".." }, "Bucket"),
            (good with { Key = "" }, "Key"), (good with { Key = "a/../b" }, "Key"), (good with { Bytes = 0 }, "Bytes"), (good with { Timeout = TimeSpan.Zero }, "Timeout"),
        })
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new S3StorageProbe(client, options, TimeProvider.System)).Message, name);
        Assert.DoesNotContain(FakeS3.Secret, (good with { Keys = Keys }).ToString());
        Assert.DoesNotContain(FakeS3.Token, $"{Keys}");
    }

    private async Task<StorageReading> ReadAsync(FakeS3 server, S3Keys? keys, string key, long bytes = 1 << 20, TimeSpan? timeout = null)
    {
        using var clients = new ProbeClients();
        var options = new S3StorageOptions { Name = "models", Endpoint = server.Address, Region = FakeS3.Region, Bucket = "models", Key = key, Keys = keys, Bytes = bytes, Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        return await new S3StorageProbe(clients.Shared, options, TimeProvider.System).ReadAsync(TestContext.CancellationToken);
    }
}
