using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class LeastQueueTests
{
    [TestMethod]
    public void Rank_ByReadings_AddsRunningAndWaiting() => CollectionAssert.AreEqual(
        new[] { "c", "a", "b" },
        Decide(Table([Row("a") with { Running = 3, Waiting = 1 }, Row("b") with { Running = 1, Waiting = 4 }, Row("c") with { Running = 3 }]), "least_queue").Nodes());

    [TestMethod]
    public void Rank_DispatchedSinceTheReading_Counts()
    {
        var rows = Equal(2);
        var table = Table([rows[0], rows[1] with { Running = 1 }]);
        rows[0].Local.Dispatch(NowTicks, 0.01);
        rows[0].Local.Dispatch(NowTicks, 0.01);
        Assert.AreEqual("n001", Decide(table, "least_queue").First());
        rows[0].Local.Settle(NowTicks);
        rows[0].Local.Settle(NowTicks);
        Assert.AreEqual("n000", Decide(table, "least_queue").First());
    }

    [TestMethod]
    public void Rank_DispatchedBeforeTheReading_IsCountedOnce()
    {
        var row = Row("a");
        for (var i = 0; i < 5; i++) row.Local.Dispatch(Before(2), 0.01);
        // The reading, a tenth of a second old, has all five.
        Assert.AreEqual(5, Decide(Table([row with { Running = 5 }]), "least_queue").Choices[0].Load);
    }

    [TestMethod]
    public void Rank_SettledSinceTheReading_ComesOff()
    {
        var row = Row("a");
        for (var i = 0; i < 5; i++) row.Local.Dispatch(Before(2), 0.01);
        var table = Table([row with { Running = 7 }]);
        for (var i = 0; i < 3; i++) row.Local.Settle(NowTicks);
        Assert.AreEqual(4, Decide(table, "least_queue").Choices[0].Load);
    }

    [TestMethod]
    public void Rank_ReadingSaysLessThanIsInFlight_CountsWhatIsInFlight()
    {
        var row = Row("a");
        for (var i = 0; i < 5; i++) row.Local.Dispatch(Before(2), 0.01);
        Assert.AreEqual(5, Decide(Table([row with { Running = double.NaN, Waiting = double.NaN }]), "least_queue").Choices[0].Load);
    }
}
