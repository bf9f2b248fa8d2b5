using InferMesh.Cli.Fleet;

namespace InferMesh.Tests.Unit.Cli.Fleet;

[TestClass]
public sealed class FleetPlanTests
{
    [TestMethod]
    public void Lay_EightNodesInTwoCells_NamesThem()
    {
        var nodes = FleetPlan.Lay(new FleetOptions(), TimeProvider.System);

        CollectionAssert.AreEqual(
            new[] { "syn-c0-n0", "syn-c0-n1", "syn-c0-n2", "syn-c0-n3", "syn-c1-n0", "syn-c1-n1", "syn-c1-n2", "syn-c1-n3" },
            nodes.Select(static node => node.Id).ToArray());
        Assert.AreEqual("cell-1", nodes[4].Cell);
        Assert.AreEqual("zone-b", nodes[5].Zone);
        Assert.AreEqual("true", nodes[0].Labels["synthetic"]);
    }

    [TestMethod]
    [DataRow(7, 3)]
    [DataRow(5, 5)]
    [DataRow(10, 4)]
    public void Lay_AnyDivision_HasUniqueIdsAndEveryCell(int count, int cells)
    {
        var nodes = FleetPlan.Lay(new FleetOptions { Nodes = count, Cells = cells }, TimeProvider.System);

        Assert.HasCount(count, nodes.Select(static node => node.Id).Distinct().ToArray());
        Assert.HasCount(cells, nodes.Select(static node => node.Cell).Distinct().ToArray());
        Assert.IsFalse(nodes.Any(static node => node.Id.Contains("-n-", StringComparison.Ordinal)));
    }
}
