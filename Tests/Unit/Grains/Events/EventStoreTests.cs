using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Events;
using InferMesh.Grains.Options;
using Orleans.Storage;

namespace InferMesh.Tests.Unit.Grains.Events;

[TestClass]
public sealed class EventStoreTests
{
    private static readonly EventSettings Keep = new();
    private static readonly GrainId Head = GrainId.Create("event-log", "cluster");

    private readonly MemoryStorage _storage = new();
    private readonly ManualTime _time = new();

    [TestMethod]
    public async Task Append_ManyBatches_IdsAreGaplessOverSegmentsAndLoads()
    {
        var log = await OpenAsync();
        for (var i = 0; i < 10; i++)
        {
            await log.AppendAsync(Plain(100), Keep);
            if (i % 3 == 0) log = await OpenAsync();
        }

        Assert.AreEqual(1000, log.StoredId);
        CollectionAssert.AreEqual(Enumerable.Range(1, 1000).Select(static i => (long)i).ToArray(), await IdsAsync(log));
        Assert.AreEqual(4, _storage.Count("event-segment"));
    }

    [TestMethod]
    public async Task Append_OneEvent_CostsOneWriteOfItsSegment()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Plain(300), Keep);
        var before = _storage.Writes;

        await log.AppendAsync(Plain(1), Keep);

        Assert.AreEqual(1, _storage.Writes - before);
    }

    [TestMethod]
    public async Task Append_DeliveredAgain_IsThereOnce()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Sourced("policy/a", 1, 2), Keep);
        await log.AppendAsync(Sourced("policy/a", 1, 2, 3), Keep);
        log = await OpenAsync();
        await log.AppendAsync(Sourced("policy/a", 2, 3), Keep);
        await log.AppendAsync(Sourced("policy/b", 1), Keep);

        CollectionAssert.AreEqual(new[] { "policy/a@1", "policy/a@2", "policy/a@3", "policy/b@1" }, await SubjectsAsync(log));
    }

    [TestMethod]
    public async Task Append_DeliveredAgainManySegmentsLaterAndAfterALoad_IsThereOnce()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Sourced("policy/a", 1), Keep);
        await log.AppendAsync(Plain(3000), Keep);
        log = await OpenAsync();
        var again = Sourced("policy/a", 1);

        await log.AppendAsync(again, Keep);

        Assert.AreEqual(1, again[0].Id);
        Assert.AreEqual(3001, log.StoredId);
    }

    [TestMethod]
    public async Task Append_WriteFailed_NothingIsShownAndTheIdsAreGivenAgain()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Sourced("a", 1), Keep);
        _storage.BeforeWrite = static _ => throw new IOException("disk full");
        await Assert.ThrowsExactlyAsync<IOException>(() => log.AppendAsync(Sourced("b", 1), Keep));
        CollectionAssert.AreEqual(new[] { "a@1" }, await SubjectsAsync(log));

        _storage.BeforeWrite = static _ => { };
        await log.LoadAsync();
        await log.AppendAsync(Sourced("c", 1), Keep);

        CollectionAssert.AreEqual(new[] { "a@1", "c@1" }, await SubjectsAsync(log));
    }

    [TestMethod]
    public async Task Append_WriteWasDoneButFailed_TheRepetitionIsDropped()
    {
        var log = await OpenAsync();
        _storage.AfterWrite = static _ => throw new TimeoutException();
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => log.AppendAsync(Sourced("a", 1), Keep));

        _storage.AfterWrite = static _ => { };
        await log.LoadAsync();
        await log.AppendAsync(Sourced("a", 1), Keep);

        CollectionAssert.AreEqual(new[] { "a@1" }, await SubjectsAsync(log));
    }

    [TestMethod]
    [DataRow("event-log", DisplayName = "the head of a new segment fails")]
    [DataRow("event-segment", DisplayName = "a segment fails")]
    public async Task Append_FailsHalfway_EachEventIsThereOnceAfterRepetition(string name)
    {
        var log = await OpenAsync();
        await log.AppendAsync(Sourced("a", 1), Keep);
        var batch = Enumerable.Range(1, 600).Select(static i => Sourced("b", i)[0]).ToArray();
        var writes = 0;
        _storage.BeforeWrite = n => _ = n == name && ++writes == 2 ? throw new IOException("gone") : 0;
        await Assert.ThrowsExactlyAsync<IOException>(() => log.AppendAsync(batch, Keep));
        Assert.IsTrue(log.StoredId is 256 or 512, $"{log.StoredId}");

        await log.LoadAsync();
        await log.AppendAsync([.. Enumerable.Range(1, 600).Select(static i => Sourced("b", i)[0])], Keep);

        CollectionAssert.AreEqual(Enumerable.Range(1, 600).Select(static i => $"b@{i}").Prepend("a@1").ToArray(), await SubjectsAsync(log));
    }

    [TestMethod]
    [DataRow(1, DisplayName = "in the middle of a segment")]
    [DataRow(256, DisplayName = "at the end of a segment")]
    [DataRow(512, DisplayName = "segments behind")]
    public async Task Append_SecondActivation_TheOneBehindFailsAndForksNothing(int ahead)
    {
        var old = await OpenAsync();
        await old.AppendAsync(Sourced("a", 1), Keep);
        var young = await OpenAsync();
        await young.AppendAsync(Plain(ahead), Keep);

        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => old.AppendAsync(Sourced("b", 1), Keep));

        Assert.AreEqual(1, old.StoredId);
        Assert.AreEqual(1 + ahead, await old.ReadStoredIdAsync());
        await young.AppendAsync(Sourced("c", 1), Keep);
        Assert.AreEqual("c@1", (await SubjectsAsync(young))[^1]);
    }

    [TestMethod]
    public async Task Append_SecondActivationWithAFullSegment_TheOneBehindFails()
    {
        var old = await OpenAsync();
        await old.AppendAsync(Plain(256), Keep);
        var young = await OpenAsync();
        await young.AppendAsync(Plain(1), Keep);

        await Assert.ThrowsExactlyAsync<InconsistentStateException>(() => old.AppendAsync(Plain(1), Keep));
        Assert.HasCount(257, await IdsAsync(young));
    }

    [TestMethod]
    public async Task Read_WriteUnderWay_ShowsOnlyWhatIsStored()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Sourced("a", 1), Keep);
        var gate = new TaskCompletionSource();
        _storage.Gate = () => gate.Task;
        var second = log.AppendAsync(Sourced("b", 1), Keep);

        var before = await log.ReadAsync(0, 10);
        Assert.AreEqual("a@1", before.Events.Single().Subject);
        Assert.AreEqual(1, before.Cursor);

        gate.SetResult();
        await second;
        var after = await log.ReadAsync(before.Cursor, 10);
        Assert.AreEqual("b@1", after.Events.Single().Subject);
        Assert.IsFalse(after.Truncated);
    }

    [TestMethod]
    public async Task Read_PageByPage_GivesEveryEventOnce()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Plain(1500), Keep);
        var (ids, cursor) = (new List<long>(), 0L);
        for (EventPage page; (page = await log.ReadAsync(cursor, 77)).Events.Count > 0; cursor = page.Cursor) ids.AddRange(page.Events.Select(static e => e.Id));

        CollectionAssert.AreEqual(Enumerable.Range(1, 1500).Select(static i => (long)i).ToArray(), ids);
    }

    [TestMethod]
    public async Task Retention_ByCount_DeletesWholeSegmentsAndSaysTruncated()
    {
        var log = await OpenAsync();
        var keep = new EventSettings { Keep = 1000 };
        for (var i = 0; i < 30; i++) await log.AppendAsync(Plain(100), keep);

        Assert.IsTrue(3000 - log.FirstId + 1 is >= 1000 and < 1000 + (2 * EventSegment.Size), $"first is {log.FirstId}");
        Assert.AreEqual((int)(EventSegment.Of(3000) - EventSegment.Of(log.FirstId) + 1), _storage.Count("event-segment"));
        var page = await log.ReadAsync(5, 1000);
        Assert.IsTrue(page.Truncated);
        Assert.AreEqual(log.FirstId, page.Events[0].Id);
        Assert.IsFalse((await log.ReadAsync(log.FirstId - 1, 10)).Truncated);
        CollectionAssert.AreEqual(await IdsAsync(log), await IdsAsync(await OpenAsync()));
    }

    [TestMethod]
    public async Task Retention_ByAge_DeletesWhatIsOlder()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Plain(600), Keep);
        _time.Advance(Keep.KeepFor + TimeSpan.FromHours(1));
        await log.AppendAsync(Plain(1), Keep);

        await log.PruneAsync(Keep);

        Assert.AreEqual(513, log.FirstId);
        Assert.AreEqual(1, _storage.Count("event-segment"));
    }

    [TestMethod]
    public async Task Retention_CrashBeforeTheDeletion_LeavesNothingBehind()
    {
        var log = await OpenAsync();
        await log.AppendAsync(Plain(600), Keep);
        _time.Advance(Keep.KeepFor + TimeSpan.FromHours(1));
        await log.AppendAsync(Plain(1), Keep);
        _storage.AfterWrite = static _ => throw new TimeoutException();
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => log.PruneAsync(Keep));
        _storage.AfterWrite = static _ => { };
        log = await OpenAsync();
        Assert.AreEqual(513, log.FirstId);

        await log.PruneAsync(Keep);

        Assert.AreEqual(1, _storage.Count("event-segment"));
        CollectionAssert.AreEqual(Enumerable.Range(513, 89).Select(static i => (long)i).ToArray(), await IdsAsync(log));
    }

    [TestMethod]
    public async Task Load_LogFromBeforeSegments_TakesItOver()
    {
        MeshEvent[] old = [.. Enumerable.Range(201, 100).Select(static i => new MeshEvent { Id = i, Type = EventTypes.NodeJoined, Subject = $"old{i}" })];
        _storage.Put("event-log", Head, new { LastId = 300L, Events = old });

        var log = await OpenAsync();
        await log.AppendAsync(Sourced("new", 1), Keep);

        CollectionAssert.AreEqual(Enumerable.Range(201, 101).Select(static i => (long)i).ToArray(), await IdsAsync(log));
        Assert.IsTrue((await log.ReadAsync(5, 1)).Truncated);
        CollectionAssert.AreEqual(await IdsAsync(log), await IdsAsync(await OpenAsync()));
    }

    [TestMethod]
    public void Sources_MoreThanAreRemembered_ForgetsThoseHeardOfFirst()
    {
        var sources = new EventSources(new Dictionary<string, SourceMark>());
        for (var i = 1; i <= EventSources.Most + 10; i++) sources.Note(new(new() { Id = i, Type = "", Subject = "" }, $"s{i}", 5));

        var kept = new EventSources(sources.Snapshot());

        Assert.HasCount(EventSources.Most, kept.Snapshot());
        Assert.IsNull(kept.Find("s10", 5));
        Assert.AreEqual(11, kept.Find("s11", 5));
        Assert.IsNull(kept.Find("s11", 6));
    }

    private async Task<EventStore> OpenAsync()
    {
        var log = new EventStore(new(_storage), _time);
        await log.LoadAsync();
        return log;
    }

    private static async Task<long[]> IdsAsync(EventStore log) => [.. (await AllAsync(log)).Select(static e => e.Id)];

    private static async Task<string[]> SubjectsAsync(EventStore log) => [.. (await AllAsync(log)).Select(static e => e.Subject)];

    private static async Task<IReadOnlyList<MeshEvent>> AllAsync(EventStore log) => (await log.ReadAsync(0, int.MaxValue)).Events;

    private static IncomingEvent[] Plain(int count) => [.. Enumerable.Range(0, count).Select(static _ => new IncomingEvent(new(new() { Type = EventTypes.NodeJoined, Subject = "n" })))];

    private static IncomingEvent[] Sourced(string source, params int[] sequences) =>
        [.. sequences.Select(s => new IncomingEvent(new(new() { Type = EventTypes.NodeJoined, Subject = $"{source}@{s}" }, source, s)))];
}
