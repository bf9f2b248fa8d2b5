using System.Globalization;
using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

[TestClass]
public sealed class ArmSplitTests
{
    private const int Units = 40_000;

    [TestMethod]
    public void ArmOf_ManyUnits_MeetsTheWeights()
    {
        var shares = Shares(Arms([1, 2, 7]));
        for (var arm = 0; arm < 3; arm++) Assert.AreEqual(new[] { 0.1, 0.2, 0.7 }[arm], shares[arm], 0.01);
    }

    [TestMethod]
    public void ArmOf_OneWeightGrows_UnitsMoveToThatArmOnlyAndNoMoreThanNeeded()
    {
        var (before, after) = (Arms([1, 1, 1]), Arms([1, 1, 2]));
        var moved = Enumerable.Range(0, Units).Where(i => before[i] != after[i]).ToArray();
        Assert.IsTrue(moved.All(i => after[i] == 2), "to another arm than the one that grew");
        // From a third to a half.
        Assert.AreEqual(1 / 6.0, (double)moved.Length / Units, 0.01);
    }

    [TestMethod]
    public void ArmOf_AnArmIsStopped_MovesItsUnitsOnly()
    {
        var (before, after) = (Arms([1, 1, 1]), Arms([1, 0, 1]));
        Assert.IsTrue(Enumerable.Range(0, Units).All(i => before[i] == 1 ? after[i] != 1 : after[i] == before[i]));
        Assert.AreEqual(0.5, (double)Enumerable.Range(0, Units).Count(i => before[i] == 1 && after[i] == 0) / before.Count(a => a == 1), 0.02);
    }

    [TestMethod]
    public void ArmOf_TwoExperiments_SplitIndependently()
    {
        var (one, other) = (Arms([1, 1]), Arms([1, 1], "another"));
        var both = Enumerable.Range(0, Units).Count(i => one[i] == 1 && other[i] == 1);
        Assert.AreEqual(0.25, (double)both / Units, 0.01);
        CollectionAssert.AreEqual(one, Arms([1, 1]));
    }

    [TestMethod]
    public void ArmOf_GreaterShare_KeepsWhoTookPart()
    {
        var (few, more) = (Arms([1, 1], share: 0.1), Arms([1, 1], share: 0.3));
        Assert.AreEqual(0.1, (double)few.Count(a => a != ArmSplit.Outside) / Units, 0.01);
        Assert.AreEqual(0.3, (double)more.Count(a => a != ArmSplit.Outside) / Units, 0.01);
        Assert.IsTrue(Enumerable.Range(0, Units).All(i => few[i] == ArmSplit.Outside || few[i] == more[i]));
        // Who takes part says nothing of the arm.
        Assert.AreEqual(0.5, few.Where(a => a != ArmSplit.Outside).Average(), 0.03);
    }

    [TestMethod]
    public void ArmOf_Request_GoesByItsUnitAndTheFilter()
    {
        var spec = Trials.Spec() with { Unit = AssignmentUnit.Session, Match = new(["m*"], ["gold"], []) };
        var split = new ArmSplit(spec, ExperimentState.Start(0));
        var request = Tables.Request() with { Session = "s", Tenant = "gold", RequestId = "1" };
        Assert.AreNotEqual(ArmSplit.Outside, split.ArmOf(spec, request));
        Assert.AreEqual(split.ArmOf(spec, request), split.ArmOf(spec, request with { RequestId = "2" }));
        Assert.AreEqual(ArmSplit.Outside, split.ArmOf(spec, request with { Tenant = "other" }));
        Assert.AreEqual(ArmSplit.Outside, split.ArmOf(spec, request with { Session = "" }));
        var byHeader = spec with { Unit = AssignmentUnit.Header, Header = "X-User", Match = PolicyMatch.Everything };
        Assert.AreEqual(("u", "gold", "1"), (
            ArmSplit.UnitOf(byHeader, request, "u"), ArmSplit.UnitOf(spec with { Unit = AssignmentUnit.Tenant }, request), ArmSplit.UnitOf(spec with { Unit = AssignmentUnit.Request }, request)));
    }

    [TestMethod]
    public void ArmOf_SingleRequests_GoesByWhatTheMeshDrewAndNotByTheClientsId()
    {
        var spec = Trials.Spec();
        var split = new ArmSplit(spec, ExperimentState.Start(0));
        var request = Tables.Request() with { RequestId = "chosen" };
        Assert.AreEqual(0.5, Enumerable.Range(1, Units).Average(i => split.ArmOf(spec, request with { Unit = (ulong)i })), 0.02);
        Assert.AreEqual(split.ArmOf(spec, request with { Unit = 7 }), split.ArmOf(spec, request with { Unit = 7, RequestId = "another" }));
        Assert.AreEqual(ArmSplit.Outside, split.ArmOf(spec with { Unit = AssignmentUnit.Session }, request with { Unit = 7 }), "it names no session");
    }

    [TestMethod]
    public void Split_OfAStoppedOrPromotedExperiment_IsThatOfItsState()
    {
        var spec = Trials.Spec("a", "b", "c") with { Share = 0.2, Promotion = new() { Holdback = 0.1 } };
        var start = ExperimentState.Start(0);
        CollectionAssert.AreEqual(new[] { 1d, 0, 1 }, (start with { StoppedArms = ["b"] }).WeightsOf(spec).ToArray());
        CollectionAssert.AreEqual(new[] { 0.1, 0, 0.9 }, (start with { Phase = ExperimentPhase.Promoted, Winner = "c" }).WeightsOf(spec).ToArray());
        CollectionAssert.AreEqual(new[] { 0d, 0, 1 }, (start with { Phase = ExperimentPhase.Kept, Winner = "c" }).WeightsOf(spec).ToArray());
        CollectionAssert.AreEqual(new[] { 1d, 0, 0 }, (start with { Phase = ExperimentPhase.Demoted, Winner = "c" }).WeightsOf(spec).ToArray());
        var promoted = new ArmSplit(spec, start with { Phase = ExperimentPhase.Promoted, Winner = "c" });
        Assert.AreEqual(0.9, Enumerable.Range(0, Units).Average(i => promoted.ArmOf((ulong)i) == 2 ? 1.0 : 0), 0.01, "A promoted arm serves those too who took no part.");
    }

    private static int[] Arms(double[] weights, string name = "trial", double share = 1)
    {
        var spec = Trials.Spec([.. weights.Select((_, i) => i.ToString(CultureInfo.InvariantCulture))]) with { Name = name };
        var split = new ArmSplit(spec, weights, share);
        return [.. Enumerable.Range(0, Units).Select(i => split.ArmOf(BlockHash.Name(i.ToString(CultureInfo.InvariantCulture))))];
    }

    private static double[] Shares(int[] arms) => [.. Enumerable.Range(0, arms.Max() + 1).Select(a => (double)arms.Count(x => x == a) / arms.Length)];
}
