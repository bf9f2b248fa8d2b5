using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Recording;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Grains.Routing;
using InferMesh.Tests.Unit.Strategies;
using InferMesh.Tests.Unit.Strategies.Recording;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Recording;

/// <summary>The recording of a silo: its router and its ledger feed it, its files are bounded, and nothing waits for the disk.</summary>
[TestClass]
public sealed class DecisionRecordingTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    public async Task Router_ManyThreads_IsRecordedAndReplaysBitForBit()
    {
        var files = await RecordAsync(new() { Folder = _folder }, threads: 4, each: 500);
        var replay = new DecisionReplay();
        var ends = new Ends(replay);
        Assert.AreEqual(2000, Recordings.Read(files, ends));
        Assert.AreEqual((2000L, 2000L), (replay.Replayed, replay.Identical), string.Join("\n", replay.Differences));
        Assert.AreEqual(2000, ends.Count);
    }

    [TestMethod]
    public async Task SampleRate_ATenth_RecordsATenth()
    {
        var files = await RecordAsync(new() { Folder = _folder, SampleRate = 0.1 }, threads: 2, each: 500);
        var replay = new DecisionReplay();
        var decisions = Recordings.Read(files, replay);
        Assert.IsTrue(decisions is >= 99 and <= 101);
        Assert.AreEqual(decisions, replay.Identical, "mesh learns nothing: a sample is enough.");
    }

    [TestMethod]
    public async Task Folder_None_RecordsNothing()
    {
        var recording = new DecisionRecording(Options.Create(new RecordingSettings()), TimeProvider.System, NullLogger<DecisionRecording>.Instance);
        Assert.IsFalse(recording.IsOn);
        using (recording.Hold()) recording.Ended(0 - 1, null, 0);
        await recording.DisposeAsync();
    }

    [TestMethod]
    public async Task Files_FullQueue_RefusesAtOnceAndTakesAgainLater()
    {
        var files = new RecordingFiles(new() { Folder = _folder, MaxQueuedBytes = 256 << 10 }, 5, TimeProvider.System, NullLogger.Instance);
        Assert.IsFalse(files.TryWrite(new byte[(256 << 10) + 1], 0, true), "More than may ever wait.");
        Assert.IsTrue(files.TryWrite(new byte[200 << 10], 1, true));
        await Eventually.HoldsAsync(() => files.QueuedBytes == 0, "the queue is empty");
        Assert.IsTrue(files.TryWrite(new byte[200 << 10], 1, false));
        await files.DisposeAsync();
        Assert.AreEqual(400 << 10, new FileInfo(Path.Combine(_folder, RecordingFormat.FileName(5, 1))).Length);
    }

    [TestMethod]
    public async Task Files_TooMany_TheOldestGo()
    {
        var settings = new RecordingSettings { Folder = _folder, MaxBytes = 1 << 20, FileBytes = 256 << 10 };
        var files = new RecordingFiles(settings, 5, TimeProvider.System, NullLogger.Instance);
        for (var file = 0; file < 12; file++)
        {
            Assert.IsTrue(files.TryWrite(new byte[256 << 10], file, true));
            await Eventually.HoldsAsync(() => files.QueuedBytes == 0, "the queue is empty");
        }
        await files.DisposeAsync();
        var left = new DirectoryInfo(_folder).GetFiles();
        Assert.IsLessThanOrEqualTo(settings.MaxBytes, left.Sum(static f => f.Length));
        Assert.IsTrue(left.Any(static f => f.Name == RecordingFormat.FileName(5, 11)) && !left.Any(static f => f.Name == RecordingFormat.FileName(5, 0)));
    }

    [TestMethod]
    public async Task Files_FolderThatCannotBe_RefusesWhatFollowsInTheFile()
    {
        File.WriteAllText(_folder, "a file where the folder should be");
        try
        {
            var files = new RecordingFiles(new() { Folder = _folder }, 5, TimeProvider.System, NullLogger.Instance);
            Assert.IsTrue(files.TryWrite(new byte[10], 0, true, decisions: 7));
            await Eventually.HoldsAsync(() => files.QueuedBytes == 0, "the queue is empty");
            Assert.IsFalse(files.TryWrite(new byte[10], 0, false, decisions: 1), "The recorder hears of it, and begins another file.");
            Assert.IsTrue(files.TryWrite(new byte[10], 1, true, decisions: 3));
            await files.DisposeAsync();
            Assert.AreEqual(10, files.Lost, "what was taken and not written; what was refused counts its recorder");
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    [TestMethod]
    public async Task Dropped_FolderThatCannotBe_AreAllDecisions()
    {
        File.WriteAllText(_folder, "a file where the folder should be");
        try
        {
            await using var recording = new DecisionRecording(Options.Create(new RecordingSettings { Folder = _folder }), TimeProvider.System, NullLogger<DecisionRecording>.Instance);
            var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
            for (var i = 0; i < 20; i++)
            {
                using (recording.Hold()) recording.Decided(table, Tables.Request(), Tables.Decide(table), Tables.NowTicks, (ulong)i, 0);
                recording.Flush();
                await Task.Delay(10);
            }
            await Eventually.HoldsAsync(() => recording.Counts == (20, 20), "all of them are dropped");
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    [TestMethod]
    public async Task Files_FolderThatMayTakeLessThanAFile_HasSmallerFiles()
    {
        var settings = new RecordingSettings { Folder = _folder, MaxBytes = 1 << 20 };
        Assert.AreEqual(256 << 10, settings.LargestFileBytes);
        var files = new RecordingFiles(settings, 5, TimeProvider.System, NullLogger.Instance);
        for (var file = 0; file < 6; file++)
        {
            Assert.IsTrue(files.TryWrite(new byte[settings.LargestFileBytes], file, true));
            await Eventually.HoldsAsync(() => files.QueuedBytes == 0, "the queue is empty");
        }
        await files.DisposeAsync();
        Assert.HasCount(4, new DirectoryInfo(_folder).GetFiles());
    }

    [TestMethod]
    public async Task Files_TooOld_GoWithoutANewOne()
    {
        Directory.CreateDirectory(_folder);
        var (old, time) = (Path.Combine(_folder, RecordingFormat.FileName(4, 0)), new ManualTime());
        File.WriteAllBytes(old, new byte[10]);
        File.SetLastWriteTimeUtc(old, time.GetUtcNow().UtcDateTime);
        var files = new RecordingFiles(new() { Folder = _folder }, 5, time, NullLogger.Instance);
        Assert.IsTrue(files.TryWrite(new byte[10], 0, true));
        await Eventually.HoldsAsync(() => files.QueuedBytes == 0, "the queue is empty");
        Assert.IsTrue(File.Exists(old));
        time.Advance(TimeSpan.FromHours(25));
        await Eventually.HoldsAsync(() => !File.Exists(old), "nobody decides any more");
        await files.DisposeAsync();
        Assert.IsTrue(File.Exists(Path.Combine(_folder, RecordingFormat.FileName(5, 0))), "the one that is written stays");
    }

    private static async Task<byte[][]> RecordAsync(RecordingSettings settings, int threads, int each)
    {
        var cache = new RoutingTableCache();
        var recording = new DecisionRecording(Options.Create(settings), TimeProvider.System, NullLogger<DecisionRecording>.Instance);
        using var ledger = new ReservationLedger(new LocalSilo(), TimeProvider.System, Options.Create(new RoutingSettings()), new(cache, recording), recording);
        var router = new Router(cache, ledger, new(Options.Create(new RoutingSettings())), new LocalSilo(), TimeProvider.System, recording);
        var now = TimeProvider.System.GetUtcNow().UtcTicks;
        for (var version = 1; version <= 2; version++) cache.Swap(new(new(version, [new(Tables.Model, Rows(version))], new([])), 6, 6));
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                var decision = router.Decide(new RouteQuery { Model = Tables.Model, PromptTokens = 100 + i, OutputTokens = 10 }, dryRun: false);
                Assert.AreEqual(RouteStatus.Routed, decision.Status);
                _ = router.Decide(new RouteQuery { Model = Tables.Model, PromptTokens = 7 }, dryRun: true);
                Assert.IsTrue(ReservationLedger.TryParse(decision.DecisionId, out var number, out _));
                Assert.IsTrue(ledger.Settle(number, new() { DecisionId = decision.DecisionId, TtftMs = 1, LatencyMs = 2 }));
                if (i % 100 == 50 && thread == 0) cache.Swap(new(new(3 + i, [new(Tables.Model, Rows(i))], new([])), 6, 6));
            }
        })));
        await recording.DisposeAsync();
        return [.. Directory.EnumerateFiles(settings.Folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

        IEnumerable<TargetRow> Rows(int load) => Tables.Equal(6).Select((r, i) => r with { Running = (load + i) % 9, SampledAtTicks = now, Local = cache.Load(r.Identity.NodeId, r.Identity.Endpoint, Tables.Model) });
    }

    private sealed class Ends(DecisionReplay inner) : IRecordingVisitor
    {
        public int Count { get; private set; }

        public void Decided(in RecordedDecision decision) => inner.Decided(decision);

        public void Ended(in RecordedEnd end) => Count++;
    }
}
