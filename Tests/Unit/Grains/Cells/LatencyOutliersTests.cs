using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Cells;
using InferMesh.Grains.Options;

namespace InferMesh.Tests.Unit.Grains.Cells;

[TestClass]
public sealed class LatencyOutliersTests
{
    private readonly LatencyOutliers _outliers = new();

    [TestMethod]
    public void Look_NodeFiveTimesAsLate_IsToldAfterAWhileAndOncePerWhile()
    {
        var cell = Cell([0.3, 0.3, 0.4, 0.3, 2.1]);
        var told = Enumerable.Range(0, 100).Where(second => Look(cell, second).Any()).ToArray();
        CollectionAssert.AreEqual(new[] { 30, 60, 90 }, told);
        Assert.AreEqual("n4", Look(cell, 120).Single().NodeId);
    }

    [TestMethod]
    public void Look_OutlierThatRecovers_BeginsAnew()
    {
        for (var second = 0; second < 29; second++) Assert.IsEmpty(Look(Cell([0.3, 0.3, 0.4, 0.3, 2.1]), second));
        Assert.IsEmpty(Look(Cell([0.3, 0.3, 0.4, 0.3, 0.5]), 29));
        Assert.IsEmpty(Look(Cell([0.3, 0.3, 0.4, 0.3, 2.1]), 31));
    }

    [TestMethod]
    [DataRow(new[] { 0.3, 0.3, 2.1 }, 0.0)]
    [DataRow(new[] { 0.01, 0.01, 0.01, 0.01, 0.2 }, 0.0)]
    [DataRow(new[] { 0.3, 0.3, 0.3, 0.3, 2.1 }, 1.0)]
    [DataRow(new[] { 0.3, 0.3, 0.3, 0.3, double.NaN }, 0.0)]
    [DataRow(new[] { 2.1, 2.1, 0.3, 2.1, 2.1 }, 0.0)]
    public void Look_FewPeersOrSmallTimesOrAQueue_SayNothing(double[] ttft, double waitingOnTheLast)
    {
        for (var second = 0; second < 100; second++) Assert.IsEmpty(Look(Cell(ttft, waitingOnTheLast), second));
    }

    private static CellSnapshot Cell(double[] ttft, double waitingOnTheLast = 0)
    {
        var members = new CellMembers();
        for (var i = 0; i < ttft.Length; i++)
        {
            var model = new ModelSample { Model = "m", Running = 1, Waiting = i == ttft.Length - 1 ? waitingOnTheLast : 0, TtftP95Seconds = double.IsNaN(ttft[i]) ? null : ttft[i] };
            members.Take(Fleet.Summary($"n{i}") with { Runtimes = [Fleet.Runtime($"n{i}") with { Models = [model] }] }, Fleet.Start);
        }
        members.Judge(Fleet.Start, new(), 0.3);
        return members.Snapshot("c1", 1, 1, Fleet.Start);
    }

    private IReadOnlyList<(string NodeId, NodeFault Fault)> Look(CellSnapshot cell, int second) => [.. _outliers.Look(cell, Fleet.Start.AddSeconds(second), new FaultSettings())];
}
