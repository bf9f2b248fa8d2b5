using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Cells;
using InferMesh.Grains.Options;

namespace InferMesh.Tests.Unit.Grains.Cells;

[TestClass]
public sealed class CellMembersTests
{
    private static readonly HealthSettings Limits = new() { OfflineAfter = TimeSpan.FromSeconds(10) };

    [TestMethod]
    public void Take_OlderReadings_AreDropped()
    {
        var members = Members(Fleet.Summary("a", sequence: 5, running: 5));
        Assert.IsFalse(members.Take(Fleet.Summary("a", sequence: 4, running: 4), Fleet.Start));
        Assert.AreEqual(5, members.Snapshot("c1", 1, 1, Fleet.Start).Targets.Running[0]);
    }

    [TestMethod]
    public void Take_OlderRegistration_IsDroppedEvenWithNewerReadings()
    {
        var members = Members(Fleet.Summary("a", version: 2));
        Assert.IsFalse(members.Take(Fleet.Summary("a", version: 1, sequence: 9), Fleet.Start));
    }

    [TestMethod]
    public void Take_RestartedAgent_CountsAsNewer()
    {
        var members = Members(Fleet.Summary("a", epoch: 1, sequence: 500));
        Assert.IsTrue(members.Take(Fleet.Summary("a", epoch: 2, sequence: 1, running: 7), Fleet.Start));
        Assert.AreEqual(7, members.Snapshot("c1", 1, 1, Fleet.Start).Targets.Running[0]);
    }

    [TestMethod]
    public void Take_NodeActivatedAnew_KeepsTheReadingsAndTakesTheRegistration()
    {
        var members = Members(Fleet.Summary("a", sequence: 5, running: 5));
        Assert.IsTrue(members.Take(Fleet.Bare("a", version: 2) with { Cordoned = true }, Fleet.Start));
        members.Judge(Fleet.Start, Limits, 0.3);
        var snapshot = members.Snapshot("c1", 1, 1, Fleet.Start);
        Assert.AreEqual((5.0, NodeHealth.Cordoned, 2L), (snapshot.Targets.Running[0], snapshot.Nodes.Health[0], snapshot.Nodes.Version[0]));
    }

    [TestMethod]
    [DataRow(1, 0.3, 0)]
    [DataRow(2, 0.3, 1)]
    [DataRow(10, 0.3, 3)]
    [DataRow(10, 0.0, 0)]
    [DataRow(10, 1.0, 10)]
    public void Judge_FaultsEverywhere_QuarantineOnlyTheShareThatIsAllowed(int nodes, double share, int expected)
    {
        var members = Members([.. Enumerable.Range(0, nodes).Select(i => Faulty($"n{i}", FaultKind.Xid, since: i))]);
        members.Judge(Fleet.Start, Limits, share);
        NodeHealth[] health = [.. Enumerable.Repeat(NodeHealth.Quarantined, expected), .. Enumerable.Repeat(NodeHealth.Suspect, nodes - expected)];
        CollectionAssert.AreEqual(health, members.Snapshot("c1", 1, 1, Fleet.Start).Nodes.Health, "those that came first");
    }

    [TestMethod]
    public void Judge_QuarantinesOfOperators_HaveNoLimit()
    {
        var members = Members([.. Enumerable.Range(0, 5).Select(i => Faulty($"n{i}", FaultKind.Operator, since: i))]);
        members.Judge(Fleet.Start, Limits, 0.3);
        Assert.IsTrue(members.Snapshot("c1", 1, 1, Fleet.Start).Nodes.Health.All(h => h == NodeHealth.Quarantined));
    }

    [TestMethod]
    public void Judge_FaultFound_TellsWhatItIs()
    {
        var members = Members(Fleet.Summary("a"), Fleet.Summary("b"));
        members.Judge(Fleet.Start, Limits, 0.3);
        var faulty = Faulty("a", FaultKind.Xid, since: 0) with { Sequence = 2 };
        members.Take(faulty, Fleet.Start);
        Assert.AreEqual(new HealthChange("a", NodeHealth.Ready, NodeHealth.Quarantined, faulty.Quarantine!.Fault), members.Judge(Fleet.Start, Limits, 0.3).Single());
    }

    [TestMethod]
    public void Judge_FirstVerdict_IsAChangeFromNothing() =>
        Assert.AreEqual(new HealthChange("a", null, NodeHealth.Ready), Members(Fleet.Summary("a")).Judge(Fleet.Start, Limits, 0.3).Single());

    [TestMethod]
    public void Judge_SilentNode_ReportsEachStepOnce()
    {
        var members = Members(Fleet.Summary("a"));
        members.Judge(Fleet.Start, Limits, 0.3);
        Assert.AreEqual(new HealthChange("a", NodeHealth.Ready, NodeHealth.Suspect), members.Judge(Fleet.Start.AddSeconds(4), Limits, 0.3).Single());
        Assert.IsEmpty(members.Judge(Fleet.Start.AddSeconds(5), Limits, 0.3));
        Assert.AreEqual(new HealthChange("a", NodeHealth.Suspect, NodeHealth.Offline), members.Judge(Fleet.Start.AddSeconds(11), Limits, 0.3).Single());
        members.Take(Fleet.Summary("a", sequence: 2, at: Fleet.Start.AddSeconds(12)), Fleet.Start.AddSeconds(12));
        Assert.AreEqual(new HealthChange("a", NodeHealth.Offline, NodeHealth.Ready), members.Judge(Fleet.Start.AddSeconds(12), Limits, 0.3).Single());
    }

    [TestMethod]
    public void Snapshot_Columns_AreByNodeNameAndOfOneLength()
    {
        var members = Members(Fleet.Summary("b"), Fleet.Bare("a"), Fleet.Summary("c"));
        members.Judge(Fleet.Start, Limits, 0.3);
        var s = members.Snapshot("c1", 7, 8, Fleet.Start);
        Assert.AreEqual(("c1", 7L, 8L), (s.CellId, s.Incarnation, s.Version));
        CollectionAssert.AreEqual(new[] { "a", "b", "c" }, s.Nodes.Registration.Select(r => r.NodeId).ToArray());
        CollectionAssert.AreEqual(new[] { NodeHealth.Joining, NodeHealth.Ready, NodeHealth.Ready }, s.Nodes.Health);
        CollectionAssert.AreEqual(new[] { 1, 2 }, s.Targets.Node);
        Assert.AreEqual(0, s.Nodes.SampledAtTicks[0]);
        Assert.AreEqual(double.NaN, s.Nodes.RttMs[0]);
        foreach (var column in s.Targets.GetType().GetProperties().Where(p => p.PropertyType.IsArray)) Assert.HasCount(2, ((Array)column.GetValue(s.Targets)!).Cast<object>(), column.Name);
    }

    [TestMethod]
    public void Snapshot_UnknownReadings_AreNotANumber()
    {
        var members = Members(Fleet.Summary("a") with { Runtimes = [new() { Runtime = "vllm", Endpoint = "e", Models = [new() { Model = "m" }, new() { Model = "cold", Loaded = false }] }], RttMs = null });
        var t = members.Snapshot("c1", 1, 1, Fleet.Start).Targets;
        foreach (var column in new[] { t.Running, t.Waiting, t.KvCacheUsage, t.MaxConcurrency, t.PrefillTokensPerSecond, t.DecodeTokensPerSecond, t.MinSecondsPerToken, t.PricePerHour })
            Assert.IsTrue(double.IsNaN(column[0]));
        Assert.AreEqual(0, t.ColdStartSeconds[0], "resident");
        Assert.AreEqual(double.PositiveInfinity, t.ColdStartSeconds[1], "not resident, and nobody knows how long it loads");
    }

    [TestMethod]
    public void Remove_Node_IsGoneFromTheSnapshot()
    {
        var members = Members(Fleet.Summary("a"), Fleet.Summary("b"));
        Assert.IsTrue(members.Remove("a"));
        Assert.IsFalse(members.Remove("a"));
        Assert.AreEqual(1, members.Count);
        Assert.AreEqual("b", members.Snapshot("c1", 1, 1, Fleet.Start).Nodes.Registration.Single().NodeId);
    }

    private static CellMembers Members(params InferMesh.Grains.Abstractions.Cells.NodeSummary[] summaries)
    {
        var members = new CellMembers();
        foreach (var summary in summaries) Assert.IsTrue(members.Take(summary, Fleet.Start));
        return members;
    }

    private static NodeSummary Faulty(string node, FaultKind kind, int since) => Fleet.Summary(node) with
    {
        Quarantine = new() { Fault = new(kind, "", "found", Fleet.Start), Since = Fleet.Start.AddSeconds(since - 100), Until = Fleet.Start.AddHours(1) },
    };
}
