using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Cells;

namespace InferMesh.Tests.Unit.Grains.Cells;

[TestClass]
public sealed class HealthBookTests
{
    private static readonly NodeFault Xid = new(FaultKind.Xid, "GPU-1", "XID 79", default);
    private static readonly NodeFault Word = new(FaultKind.Operator, "", "smells", default);

    private readonly Dictionary<string, NodeHealth> _known = [];

    [TestMethod]
    public void Take_FirstNote_IsNoEvent() => Assert.IsNull(Take(NodeHealth.Ready));

    [TestMethod]
    [DataRow(NodeHealth.Joining, NodeHealth.Ready)]
    [DataRow(NodeHealth.Ready, NodeHealth.Suspect)]
    [DataRow(NodeHealth.Suspect, NodeHealth.Offline)]
    [DataRow(NodeHealth.Offline, NodeHealth.Ready)]
    [DataRow(NodeHealth.Cordoned, NodeHealth.Offline)]
    [DataRow(NodeHealth.Offline, NodeHealth.Cordoned)]
    [DataRow(NodeHealth.Draining, NodeHealth.Offline)]
    [DataRow(NodeHealth.Ready, NodeHealth.Quarantined)]
    [DataRow(NodeHealth.Quarantined, NodeHealth.Probing)]
    public void Take_ChangeThatWasSeen_IsAnEvent(NodeHealth from, NodeHealth to)
    {
        Take(from);

        var happened = Take(to, Xid)!;

        Assert.AreEqual((EventTypes.NodeHealthChanged, "n", "XID 79"), (happened.Type, happened.Subject, happened.Reason));
        Assert.AreEqual((from.ToString().ToLowerInvariant(), to.ToString().ToLowerInvariant()), (happened.Data["from"], happened.Data["to"]));
        Assert.IsNull(Take(to, Xid));
    }

    [TestMethod]
    [DataRow(NodeHealth.Ready, NodeHealth.Cordoned)]
    [DataRow(NodeHealth.Cordoned, NodeHealth.Ready)]
    [DataRow(NodeHealth.Cordoned, NodeHealth.Suspect)]
    [DataRow(NodeHealth.Ready, NodeHealth.Draining)]
    [DataRow(NodeHealth.Offline, NodeHealth.Maintenance)]
    [DataRow(NodeHealth.Maintenance, NodeHealth.Offline)]
    [DataRow(NodeHealth.Quarantined, NodeHealth.Ready)]
    public void Take_ChangeThatAnOperatorCommanded_IsLeftToTheNode(NodeHealth from, NodeHealth to)
    {
        Take(from);

        Assert.IsNull(Take(to));
        Assert.AreEqual(to, _known["n"]);
    }

    [TestMethod]
    public void Take_QuarantineByAnOperator_IsLeftToTheNode()
    {
        Take(NodeHealth.Ready);
        Assert.IsNull(Take(NodeHealth.Quarantined, Word));
        Assert.IsNotNull(Take(NodeHealth.Offline, Word), "silence is no command");
    }

    [TestMethod]
    public void Take_CellThatBeginsAnew_TellsWhatCameOfTheNodeMeanwhileOnce()
    {
        Take(NodeHealth.Ready);
        Assert.IsNull(Take(NodeHealth.Joining), "nothing was heard yet");
        Assert.IsNull(Take(NodeHealth.Ready));
        Assert.IsNull(Take(NodeHealth.Joining));

        Assert.AreEqual("ready", Take(NodeHealth.Offline)!.Data["from"]);
    }

    [TestMethod]
    public void Take_NodeLeft_IsForgotten()
    {
        Take(NodeHealth.Offline);
        Assert.IsNull(HealthBook.Take(_known, new(9, "n", null, null, default)));
        Assert.IsEmpty(_known);
        Assert.IsNull(Take(NodeHealth.Ready));
    }

    private MeshEvent? Take(NodeHealth health, NodeFault? fault = null) => HealthBook.Take(_known, new(1, "n", health, fault, default));
}
