using InferMesh.Simulator.Engine;

namespace InferMesh.Tests.Unit.Simulator.Engine;

[TestClass]
public sealed class EventQueueTests
{
    [TestMethod]
    public void TryTake_ManyEvents_ComeByTimeThenKindThenOrder()
    {
        var queue = new EventQueue();
        queue.Add(2, new(EventKind.StepEnds, 0));
        queue.Add(1, new(EventKind.RequestArrives, 1));
        queue.Add(1, new(EventKind.RequestArrives, 2));
        queue.Add(1, new(EventKind.StepEnds, 3));
        queue.Add(1, new(EventKind.ReadingTaken, 4));
        var order = new List<int>();
        while (queue.TryTake(out _, out var what)) order.Add(what.Index);
        CollectionAssert.AreEqual(new[] { 3, 4, 1, 2, 0 }, order);
    }
}
