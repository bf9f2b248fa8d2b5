using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Tests.Unit.Strategies.Training.Scheduling;

[TestClass]
public sealed class FairShareTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Count_HalfTheFleetForAnHour_IsHalfAnHour()
    {
        var share = new FairShare(TimeSpan.FromHours(24), Start);
        share.Count(Start.AddHours(1), new Dictionary<string, double> { ["a"] = 0.5 });

        Assert.AreEqual(0.5, share.Of("a"), 1e-12);
    }

    [TestMethod]
    public void Count_AfterAHalfLife_HalfIsForgotten()
    {
        var share = new FairShare(TimeSpan.FromHours(2), Start, new Dictionary<string, double> { ["a"] = 8 });
        share.Count(Start.AddHours(2), new Dictionary<string, double>());
        Assert.AreEqual(4, share.Of("a"), 1e-12);
        share.Count(Start.AddHours(6), new Dictionary<string, double>());
        Assert.AreEqual(1, share.Of("a"), 1e-12);
    }

    [TestMethod]
    public void Count_SmallSteps_EndUpWhereTheIntegralIs()
    {
        // Use u per hour with decay k = ln 2 / h settles at u / k.
        var share = new FairShare(TimeSpan.FromHours(1), Start);
        for (var i = 1; i <= 40 * 3600; i++) share.Count(Start.AddSeconds(i), new Dictionary<string, double> { ["a"] = 0.25 });

        Assert.AreEqual(0.25 / Math.Log(2), share.Of("a"), 1e-4);
    }

    [TestMethod]
    public void Count_ClockGoesBack_CountsNothing()
    {
        var share = new FairShare(TimeSpan.FromHours(1), Start, new Dictionary<string, double> { ["a"] = 1 });
        share.Count(Start.AddHours(-1), new Dictionary<string, double> { ["a"] = 1 });

        Assert.AreEqual(1, share.Of("a"), 1e-12);
    }

    [TestMethod]
    public void Dominant_MemoryHeavyTenant_CountsByMemory()
    {
        Assert.AreEqual(0.5, FairShare.Dominant(2, 8, 50, 100), 1e-12);
        Assert.AreEqual(0.25, FairShare.Dominant(2, 8, 10, 100), 1e-12);
        Assert.AreEqual(0, FairShare.Dominant(0, 0, 0, 0), 1e-12);
    }
}
