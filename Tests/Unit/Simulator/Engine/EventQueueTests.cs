using CsCheck;
using InferMesh.Simulator.Engine;

namespace InferMesh.Tests.Unit.Simulator.Engine;

[TestClass, DoNotParallelize]
public sealed class EventQueueTests
{
    [TestMethod]
    public void TryTake_AnyCourse_GivesTheOrderOfAPriorityQueue() =>
        Gen.Select(Gen.Int[0, 3], Gen.OneOf(Gen.Long[0, 3], Gen.Long[0, 1_000], Gen.Long[0, 1L << 40]), Gen.Int[0, 15]).Array[0, 400].Sample(static steps =>
        {
            var queue = new EventQueue();
            var plain = new PriorityQueue<int, (long, int, int)>();
            var now = 0L;
            for (var i = 0; i < steps.Length; i++)
            {
                var (what, later, kind) = steps[i];
                if (what > 0)
                {
                    queue.Add(now + later, (EventKind)kind, i);
                    plain.Enqueue(i, (now + later, kind, i));
                }
                else if (queue.TryTake(out var next))
                {
                    Assert.AreEqual(plain.Dequeue(), next.Index);
                    now = next.AtNs;
                }
                Assert.AreEqual(plain.Count, queue.Count);
            }
            while (queue.TryTake(out var next)) Assert.AreEqual(plain.Dequeue(), next.Index);
            Assert.AreEqual(0, plain.Count);
        });

    [TestMethod]
    public void Add_InThePast_IsRefused()
    {
        var queue = new EventQueue();
        queue.Add(10, EventKind.NextArrival, 0);
        queue.TryTake(out _);
        Assert.ThrowsExactly<InvalidOperationException>(() => queue.Add(9, EventKind.NextArrival, 0));
    }

    [TestMethod]
    public void AddAndTake_InSteadyState_AllocateNothing()
    {
        var queue = new EventQueue();
        var random = new RandomStream(1, 1);
        for (var i = 0; i < 1_000; i++) queue.Add((long)random.NextExponential(1e9), EventKind.NextArrival, i);
        for (var i = 0; i < 200_000; i++) Hold();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20_000; i++) Hold();
        // A bucket may still grow to a size that it never had.
        Assert.IsLessThan(20_000, GC.GetAllocatedBytesForCurrentThread() - before);

        void Hold()
        {
            queue.TryTake(out var e);
            queue.Add(e.AtNs + (long)random.NextExponential(1e9), EventKind.NextArrival, e.Index);
        }
    }
}
