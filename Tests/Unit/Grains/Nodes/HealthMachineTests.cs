using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Tests.Unit.Grains.Nodes;

[TestClass]
public sealed class HealthMachineTests
{
    private static readonly HealthSettings Limits = new() { OfflineAfter = TimeSpan.FromSeconds(10) };

    [TestMethod]
    [DataRow(0, NodeHealth.Ready)]
    [DataRow(-5, NodeHealth.Ready)]
    [DataRow(2.999, NodeHealth.Ready)]
    [DataRow(3, NodeHealth.Suspect)]
    [DataRow(9.999, NodeHealth.Suspect)]
    [DataRow(10, NodeHealth.Offline)]
    [DataRow(1e6, NodeHealth.Offline)]
    public void Evaluate_Silence_MakesSuspectThenOffline(double seconds, NodeHealth expected) => Assert.AreEqual(expected, Health(seconds));

    [TestMethod]
    [DataRow(0, NodeHealth.Joining)]
    [DataRow(9.999, NodeHealth.Joining)]
    [DataRow(10, NodeHealth.Offline)]
    public void Evaluate_NoReadingsYet_IsJoiningUntilGivenUp(double knownForSeconds, NodeHealth expected) =>
        Assert.AreEqual(expected, HealthMachine.Evaluate(Fleet.Bare("a"), Fleet.Start, Fleet.Start.AddSeconds(knownForSeconds), Limits));

    [TestMethod]
    [DataRow(true, false, 5, NodeHealth.Cordoned)]
    [DataRow(false, true, 5, NodeHealth.Draining)]
    [DataRow(true, true, 5, NodeHealth.Draining)]
    [DataRow(true, true, 10, NodeHealth.Offline)]
    public void Evaluate_OperatorsFlags_BeatSilenceUntilOffline(bool cordoned, bool draining, double seconds, NodeHealth expected) =>
        Assert.AreEqual(expected, Health(seconds, cordoned, draining));

    [TestMethod]
    public void Evaluate_CordonedBeforeTheFirstReading_IsCordoned() =>
        Assert.AreEqual(NodeHealth.Cordoned, HealthMachine.Evaluate(Fleet.Bare("a") with { Cordoned = true }, Fleet.Start, Fleet.Start.AddSeconds(1), Limits));

    [TestMethod]
    [DataRow(false, 0, NodeHealth.Quarantined)]
    [DataRow(false, 5, NodeHealth.Quarantined)]
    [DataRow(false, 10, NodeHealth.Offline)]
    [DataRow(true, 0, NodeHealth.Probing)]
    [DataRow(true, 5, NodeHealth.Suspect)]
    public void Evaluate_Faults_KeepANodeOutAndThenOnTrial(bool probing, double seconds, NodeHealth expected)
    {
        var node = Fleet.Summary("a") with { Quarantine = new() { Fault = new(FaultKind.Xid, "GPU-1", "XID 79.", Fleet.Start), Probing = probing } };
        Assert.AreEqual(expected, HealthMachine.Evaluate(node, Fleet.Start, Fleet.Start.AddSeconds(seconds), Limits));
        Assert.AreEqual(seconds < 10 ? NodeHealth.Cordoned : NodeHealth.Offline, HealthMachine.Evaluate(node with { Cordoned = true }, Fleet.Start, Fleet.Start.AddSeconds(seconds), Limits));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(86400)]
    public void Evaluate_Maintenance_ExplainsAnySilence(double seconds) =>
        Assert.AreEqual(NodeHealth.Maintenance, HealthMachine.Evaluate(Fleet.Summary("a") with { Maintained = true }, Fleet.Start, Fleet.Start.AddSeconds(seconds), Limits));

    private static NodeHealth Health(double silenceSeconds, bool cordoned = false, bool draining = false) =>
        HealthMachine.Evaluate(Fleet.Summary("a") with { Cordoned = cordoned, Draining = draining }, Fleet.Start.AddDays(-1), Fleet.Start.AddSeconds(silenceSeconds), Limits);
}
