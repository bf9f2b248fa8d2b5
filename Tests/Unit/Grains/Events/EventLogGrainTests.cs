using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Events;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Grains.Events;

[TestClass]
public sealed class EventLogGrainTests
{
    private readonly MemoryStorage _storage = new();
    private readonly EventLogGrain _log;

    public EventLogGrainTests() => _log = new(_storage, new Fixed<EventSettings>(new()), new ManualTime(), NullLogger<EventLogGrain>.Instance);

    [TestMethod]
    public async Task Append_ManyAtOnce_ShareWritesAndAreGapless()
    {
        var gate = new TaskCompletionSource();
        _storage.Gate = () => gate.Task;
        Task[] appended = [.. Enumerable.Range(0, 1000).Select(i => _log.Append(new() { Type = EventTypes.NodeJoined, Subject = $"{i}" }))];
        gate.SetResult();
        await Task.WhenAll(appended);

        Assert.IsLessThan(20, _storage.Writes);
        CollectionAssert.AreEqual(Enumerable.Range(1, 1000).Select(static i => (long)i).ToArray(), (await _log.ReadAfter(0, 1000, TimeSpan.Zero)).Events.Select(static e => e.Id).ToArray());
    }

    [TestMethod]
    public async Task Deliver_MoreThanMayWait_IsRefusedAndTakenLater()
    {
        var gate = new TaskCompletionSource();
        _storage.Gate = () => gate.Task;
        var waiting = new List<Task> { _log.Deliver("first", Events(1)) };
        var (sources, refused) = (0, false);
        for (; !refused; sources++)
        {
            try
            {
                waiting.Add(_log.Deliver($"s{sources}", Events(100)));
            }
            catch (OrleansException)
            {
                refused = true;
            }
        }
        Assert.AreEqual(EventLogGrain.MaxWaiting / 100, sources - 1);

        gate.SetResult();
        await Task.WhenAll(waiting);
        await _log.Deliver($"s{sources - 1}", Events(100));

        Assert.AreEqual((sources * 100) + 1, (await _log.ReadAfter(-1, 1, TimeSpan.Zero)).Cursor);
    }

    [TestMethod]
    public async Task ReadAfter_BeyondTheEndWhileEventsAreStored_GoesOn()
    {
        await _log.Append(new() { Type = EventTypes.NodeJoined, Subject = "a" });
        var told = new TaskCompletionSource();
        _storage.Told = () => told.Task;
        var appended = _log.Append(new() { Type = EventTypes.NodeJoined, Subject = "b" });

        var reading = _log.ReadAfter(long.MaxValue, 10, TimeSpan.Zero);
        Assert.IsFalse(reading.IsCompleted, "what is stored and not yet known is nobody else's");
        told.SetResult();
        await appended;

        Assert.AreEqual(2, (await reading).Cursor);
    }

    [TestMethod]
    public async Task Append_WriteFails_TheCallerHearsAndTheNextOneIsTaken()
    {
        await _log.Append(new() { Type = EventTypes.NodeJoined, Subject = "a" });
        _storage.BeforeWrite = static _ => throw new IOException("disk full");
        await Assert.ThrowsExactlyAsync<IOException>(() => _log.Append(new() { Type = EventTypes.NodeJoined, Subject = "b" }));
        Assert.AreEqual("a", (await _log.ReadAfter(0, 10, TimeSpan.Zero)).Events.Single().Subject, "readers go on");

        _storage.BeforeWrite = static _ => { };
        await _log.Append(new() { Type = EventTypes.NodeJoined, Subject = "c" });

        CollectionAssert.AreEqual(new[] { "1a", "2c" }, (await _log.ReadAfter(0, 10, TimeSpan.Zero)).Events.Select(static e => $"{e.Id}{e.Subject}").ToArray());
    }

    [TestMethod]
    public async Task ReadAfter_CursorPastTheEnd_GoesOnFromTheEndOnlyWhenStorageKnowsNoMoreEither()
    {
        await _log.Append(new() { Type = EventTypes.NodeJoined, Subject = "a" });
        Assert.AreEqual(1, (await _log.ReadAfter(99, 10, TimeSpan.Zero)).Cursor, "storage was lost");

        var other = new EventStore(new(_storage), new ManualTime());
        await other.LoadAsync();
        await other.AppendAsync([new(new(new() { Type = EventTypes.NodeJoined, Subject = "b" }))], new());

        Assert.AreEqual(1, (await _log.ReadAfter(1, 10, TimeSpan.Zero)).Cursor, "nothing new here");
        await Assert.ThrowsExactlyAsync<OrleansException>(() => _log.ReadAfter(2, 10, TimeSpan.Zero), "it would be sent back, and see its event twice");
        Assert.AreEqual(2, (await _log.ReadAfter(2, 10, TimeSpan.Zero)).Cursor, "it has caught up");
    }

    private static SourcedEvent[] Events(int count) => [.. Enumerable.Range(1, count).Select(static i => new SourcedEvent(i, new() { Type = EventTypes.NodeJoined, Subject = "n" }))];
}
