using InferMesh.Adapters.Storage;

namespace InferMesh.Tests.Unit.Adapters.Storage;

[TestClass]
public sealed class FileStorageProbeTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(FileStorageOptions.LeastBytes)]
    [DataRow(FileStorageOptions.LeastBytes + 4095)]
    [DataRow((3L << 20) + 8192)]
    public async Task Read_Folder_MeasuresAndLeavesNothingBehind(long bytes)
    {
        using var folder = new TempFolder();
        var reading = await Probe(folder.Path, bytes: bytes).ReadAsync(TestContext.CancellationToken);

        Assert.IsTrue(reading.Healthy, reading.Error);
        Assert.AreEqual(("scratch", "file"), (reading.Name, reading.Kind));
        Assert.IsTrue(reading is { LatencySeconds: > 0, WriteBytesPerSecond: > 0, ReadBytesPerSecond: > 0, FirstByteSeconds: > 0 }, reading.ToString());
        Assert.IsTrue(reading.FreeBytes > 0 && reading.TotalBytes >= reading.FreeBytes, reading.ToString());
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(folder.Path));
        Assert.IsEmpty(reading.Missing);
    }

    [TestMethod]
    public async Task Read_ThroughThePageCache_SaysSo()
    {
        using var folder = new TempFolder();
        Assert.IsTrue((await Probe(folder.Path, direct: false).ReadAsync(TestContext.CancellationToken)).ReadMayBeCached);
    }

    [TestMethod]
    public async Task Read_NoFolder_SaysWhyWithAReasonForEveryNull()
    {
        using var folder = new TempFolder();
        var reading = await Probe(Path.Combine(folder.Path, "none")).ReadAsync(TestContext.CancellationToken);
        Assert.IsFalse(reading.Healthy);
        StringAssert.Contains(reading.Error, "is no folder");
        AssertEveryNullHasAReason(reading);
    }

    [TestMethod]
    [DataRow(200L, 100L, null)]
    [DataRow(199L, 100L, "only 199 bytes are free; twice 100 are wanted")]
    [DataRow(0L, 100L, "only 0 bytes are free; twice 100 are wanted")]
    public void WantOfRoom_DiskThatIsNearlyFull_IsLeftAlone(long free, long bytes, string? expected) => Assert.AreEqual(expected, FileStorageProbe.WantOfRoom(free, bytes));

    [TestMethod]
    public async Task Read_LimitPassed_EndsWithTheReason()
    {
        using var folder = new TempFolder();
        var reading = await Probe(folder.Path, bytes: 512L << 20, timeout: TimeSpan.FromMilliseconds(1)).ReadAsync(TestContext.CancellationToken);
        Assert.IsFalse(reading.Healthy);
        StringAssert.Contains(reading.Error, "not done within 0.001 s");
        await Eventually.HoldsAsync(() => !Directory.EnumerateFileSystemEntries(folder.Path).Any(), "the file goes away");
    }

    [TestMethod]
    public async Task Read_CallerGivesUp_IsCancelled()
    {
        using var folder = new TempFolder();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await Probe(folder.Path).ReadAsync(new CancellationToken(canceled: true)));
    }

    [TestMethod]
    public void Constructor_OptionOutOfRange_NamesIt()
    {
        var good = new FileStorageOptions { Name = "a", Folder = "/tmp" };
        foreach (var (options, name) in new[]
        {
            (good with { Name = "" }, "Name"), (good with { Folder = "" }, "Folder"), (good with { Bytes = 1 }, "Bytes"), (good with { Bytes = 2L << 30 }, "Bytes"), (good with { Timeout = TimeSpan.Zero }, "Timeout"),
        })
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new FileStorageProbe(options, TimeProvider.System)).Message, name);
    }

    internal static void AssertEveryNullHasAReason(StorageReading reading)
    {
        foreach (var property in typeof(StorageReading).GetProperties().Where(property => property.Name != nameof(StorageReading.Error)))
            Assert.AreEqual(property.GetValue(reading) is null, reading.Missing.ContainsKey(property.Name), property.Name);
    }

    private static FileStorageProbe Probe(string folder, long bytes = FileStorageOptions.LeastBytes, TimeSpan? timeout = null, bool direct = true) => new(
        new FileStorageOptions { Name = "scratch", Folder = folder, Bytes = bytes, Timeout = timeout ?? TimeSpan.FromSeconds(60), Direct = direct }, TimeProvider.System);
}
