using InferMesh.Strategies.Admission;

namespace InferMesh.Tests.Unit.Strategies.Admission;

[TestClass]
public sealed class AdmissionQueueTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private readonly ServiceAccount _service = new();

    [TestMethod]
    public void Heads_DifferentPriorities_HigherGoesFirstWhateverItsDeadline()
    {
        var queue = Queue();
        Add(queue, "low", priority: 0, deadline: 1);
        Add(queue, "high", priority: 5, deadline: 1000);
        Add(queue, "batch", priority: -5, deadline: 1);
        CollectionAssert.AreEqual(new[] { "high", "low", "batch" }, Drain(queue));
    }

    [TestMethod]
    public void Heads_OneTenant_EarliestDeadlineFirstThenArrival()
    {
        var queue = Queue();
        Add(queue, "late", deadline: 30);
        Add(queue, "early", deadline: 10);
        Add(queue, "early too", deadline: 10);
        CollectionAssert.AreEqual(new[] { "early", "early too", "late" }, Drain(queue));
    }

    [TestMethod]
    public void Heads_TenantWithLessService_GoesFirst()
    {
        var queue = Queue();
        _service.Charge("greedy", 10_000, 0);
        _service.Charge("modest", 100, 0);
        Add(queue, "g", tenant: "greedy", deadline: 1);
        Add(queue, "m", tenant: "modest", deadline: 100);
        CollectionAssert.AreEqual(new[] { "m", "g" }, Drain(queue));
    }

    [TestMethod]
    [DataRow(1, 500)]
    [DataRow(3, 750)]
    public void Serve_TenantsThatAlwaysWait_ShareByWeight(double weight, int expected)
    {
        var queue = Queue(capacity: 4);
        var served = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };
        // One asks for five times as much, in requests of different sizes.
        for (var i = 0; i < 4; i++) Add(queue, i % 2 == 0 ? "a" : "b", tenant: i % 2 == 0 ? "a" : "b", weight: i % 2 == 0 ? weight : 1);
        for (var i = 0; i < 1000; i++)
        {
            var now = i * Second / 100;
            var head = queue.Heads(now).First();
            queue.Remove(head);
            served[head.Item]++;
            _service.Charge(head.Item, 100, now);
            Add(queue, head.Item, tenant: head.Item, weight: head.Ticket.Weight);
        }
        Assert.IsInRange(expected - 20, expected + 20, served["a"], $"a {served["a"]}, b {served["b"]}");
    }

    [TestMethod]
    public void Add_FullQueue_NewcomerOfHigherPriorityDisplacesTheLast()
    {
        var queue = Queue(capacity: 2);
        Add(queue, "first", deadline: 10);
        Add(queue, "last", deadline: 20);
        Assert.IsNotNull(queue.Add("urgent", new(1, "t", 1, 30), 0, out var displaced));
        Assert.AreEqual("last", displaced!.Item);
        CollectionAssert.AreEqual(new[] { "urgent", "first" }, Drain(queue));
    }

    [TestMethod]
    public void Add_FullQueue_NewcomerThatComesLastIsRefused()
    {
        var queue = Queue(capacity: 2);
        Add(queue, "a", deadline: 10);
        Add(queue, "b", deadline: 20);
        Assert.IsNull(queue.Add("later", new(0, "t", 1, 30), 0, out var displaced));
        Assert.IsNull(displaced);
        Assert.AreEqual(2, queue.Count);
    }

    [TestMethod]
    public void Add_FullOfOneTenant_AnotherTenantGetsIn()
    {
        var queue = Queue(capacity: 3);
        _service.Charge("flood", 1000, 0);
        for (var i = 0; i < 3; i++) Add(queue, $"flood {i}", tenant: "flood", deadline: i);
        Assert.IsNotNull(queue.Add("other", new(0, "other", 1, 100), 0, out var displaced));
        Assert.AreEqual("flood 2", displaced!.Item);
    }

    [TestMethod]
    public void Remove_Twice_IsFalseTheSecondTime()
    {
        var queue = Queue();
        var request = Add(queue, "a");
        Assert.IsTrue(queue.Remove(request));
        Assert.IsFalse(queue.Remove(request));
        Assert.AreEqual((0, 0), (queue.Count, queue.Heads(0).Count()));
    }

    [TestMethod]
    public void Ahead_CountsHigherPrioritiesOwnEarlierOnesAndTheTurnsOfOthers()
    {
        var queue = Queue();
        for (var i = 0; i < 3; i++) Add(queue, "urgent", priority: 1, tenant: "u");
        for (var i = 0; i < 2; i++) Add(queue, "own", tenant: "t", deadline: 5);
        for (var i = 0; i < 10; i++) Add(queue, "other", tenant: "o", deadline: 1);
        Assert.AreEqual(3 + 2 + 3, queue.Ahead(new(0, "t", 1, 10)));
        Assert.AreEqual(3, queue.Ahead(new(1, "u", 1, 1000)));
        Assert.AreEqual(0, queue.Ahead(new(1, "u", 1, 10)), "it is the most urgent of its tenant");
        Assert.AreEqual(0, queue.Ahead(new(2, "t", 1, 10)));
        Assert.AreEqual(3 + 2 + 10, queue.Ahead(new(-1, "t", 1, 10)));
    }

    [TestMethod]
    public void Charge_LongAgo_IsForgivenByHalves()
    {
        _service.Charge("t", 800, 0);
        Assert.AreEqual(400, _service.Of("t", 60 * Second), 1e-6);
        Assert.AreEqual(100, _service.Of("t", 180 * Second), 1e-6);
        _service.Charge("t", -1000, 180 * Second);
        Assert.AreEqual(0, _service.Of("t", 180 * Second), "service is never negative");
    }

    [TestMethod]
    public void Charge_MoreTenantsThanAreKept_ForgetsThoseWithTheLeast()
    {
        for (var i = 0; i < 10_000; i++) _service.Charge($"t{i}", 1, i);
        _service.Charge("big", 1e6, 10_000);
        for (var i = 0; i < 10_000; i++) _service.Charge($"u{i}", 1, 10_000 + i);
        Assert.IsGreaterThan(9e5, _service.Of("big", 20_000));
    }

    private static string[] Drain(AdmissionQueue<string> queue)
    {
        var order = new List<string>();
        while (queue.Heads(0).FirstOrDefault() is { } head)
        {
            queue.Remove(head);
            order.Add(head.Item);
        }
        return [.. order];
    }

    private static QueuedRequest<string> Add(AdmissionQueue<string> queue, string item, int priority = 0, string tenant = "t", double weight = 1, long deadline = 100) =>
        queue.Add(item, new(priority, tenant, weight, deadline), 0, out _)!;

    private AdmissionQueue<string> Queue(int capacity = 100) => new(capacity, _service);
}
