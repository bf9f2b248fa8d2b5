using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Events;

namespace InferMesh.Tests.Unit.Grains.Events;

[TestClass]
public sealed class EventLogGrainTests
{
    [TestMethod]
    public async Task ReadAfter_WriteUnderWay_ShowsOnlyWhatIsStored()
    {
        var state = new HeldState();
        var log = new EventLogGrain(state, new ManualTime());
        await log.OnActivateAsync(CancellationToken.None);
        var first = log.Append(new() { Type = EventTypes.NodeJoined, Subject = "a" });
        state.Release();
        await first;

        var second = log.Append(new() { Type = EventTypes.NodeJoined, Subject = "b" });
        var before = await log.ReadAfter(0, 10, TimeSpan.Zero);
        Assert.AreEqual("a", before.Events.Single().Subject);
        Assert.AreEqual(1, before.Cursor);
        Assert.AreEqual(1, (await log.ReadAfter(-1, 10, TimeSpan.Zero)).Cursor);

        state.Release();
        await second;
        var after = await log.ReadAfter(before.Cursor, 10, TimeSpan.Zero);
        Assert.AreEqual("b", after.Events.Single().Subject);
        Assert.IsFalse(after.Truncated);
    }

    [TestMethod]
    public async Task ReadAfter_Restarted_GoesOnWithStoredIds()
    {
        var state = new HeldState();
        state.State.LastId = 7;
        state.State.Events = [new() { Id = 6, Type = EventTypes.NodeJoined, Subject = "a" }, new() { Id = 7, Type = EventTypes.NodeLeft, Subject = "a" }];
        var log = new EventLogGrain(state, new ManualTime());
        await log.OnActivateAsync(CancellationToken.None);

        var page = await log.ReadAfter(2, 10, TimeSpan.Zero);
        Assert.IsTrue(page.Truncated);
        CollectionAssert.AreEqual(new long[] { 6, 7 }, page.Events.Select(e => e.Id).ToArray());
        Assert.AreEqual(7, (await log.ReadAfter(99, 10, TimeSpan.Zero)).Cursor);
    }

    /// <summary>Storage whose writes end when they are released, one by one.</summary>
    private sealed class HeldState : IPersistentState<EventLogState>
    {
        private readonly Queue<TaskCompletionSource> _writes = new();

        public EventLogState State { get; set; } = new();

        public string Etag => "";

        public bool RecordExists => true;

        public void Release() => _writes.Dequeue().SetResult();

        public Task WriteStateAsync()
        {
            var write = new TaskCompletionSource();
            _writes.Enqueue(write);
            return write.Task;
        }

        public Task ClearStateAsync() => throw new NotSupportedException();

        public Task ReadStateAsync() => throw new NotSupportedException();
    }
}
