using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class BaselineRoundRobinTests
{
    [TestMethod]
    public void Rank_EqualAndUnequalTargets_TakesThemInTurnWhateverTheirLoad()
    {
        var table = Table(Equal(5).Select((r, i) => r with { Running = i * 10 }));
        for (var i = 0; i < 23; i++) Assert.AreEqual($"n{i % 5:000}", Decide(table, "baseline_rr", sequence: (ulong)i).First());
    }

    [TestMethod]
    public void Rank_SeveralWanted_GivesTheNextInTurn() =>
        CollectionAssert.AreEqual(new[] { "n003", "n004", "n000" }, Decide(Table(Equal(5)), "baseline_rr", sequence: 3).Nodes());

    [TestMethod]
    public void Rank_EligibilityChanges_IsExactWithinEachStretch()
    {
        var sequence = 0UL;
        foreach (var (cordoned, rounds) in new[] { (0, 7), (2, 11), (3, 5), (0, 3), (4, 9) })
        {
            var table = Table(Equal(5).Select((r, i) => i < cordoned ? r with { Standing = FilterReason.NodeCordoned } : r));
            var counts = Enumerable.Range(0, (5 - cordoned) * rounds).Select(_ => Decide(table, "baseline_rr", sequence: sequence++).First()).CountBy(n => n).ToArray();
            Assert.HasCount(5 - cordoned, counts);
            Assert.IsTrue(counts.All(c => c.Value == rounds));
        }
    }

    [TestMethod]
    public void Rank_SequenceWrapsAround_GoesOn() =>
        Assert.AreEqual($"n{ulong.MaxValue % 5:000}", Decide(Table(Equal(5)), "baseline_rr", sequence: ulong.MaxValue).First());
}
