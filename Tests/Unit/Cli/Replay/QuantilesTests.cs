using InferMesh.Cli.Replay;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class QuantilesTests
{
    [TestMethod]
    public void Of_OneToAHundred_AreTheNearestRanks()
    {
        var quantiles = Quantiles.Of(Enumerable.Range(1, 100).Reverse().Select(static ms => TimeSpan.FromMilliseconds(ms)));

        Assert.AreEqual(new Quantiles(100, 50.5, 50, 95, 99, 100), quantiles);
    }

    [TestMethod]
    public void Of_OneValue_IsThatValueEverywhere()
        => Assert.AreEqual(new Quantiles(1, 4, 4, 4, 4, 4), Quantiles.Of([TimeSpan.FromMilliseconds(4)]));

    [TestMethod]
    public void Of_None_IsUnknownNotZero()
        => Assert.AreEqual(new Quantiles(0, null, null, null, null, null), Quantiles.Of([]));
}
