using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Results;

namespace InferMesh.Tests.Unit.Simulator.Results;

[TestClass]
public sealed class ConfidenceTests
{
    [TestMethod]
    [DataRow(1, 12.7062)]
    [DataRow(2, 4.30265)]
    [DataRow(3, 3.18245)]
    [DataRow(4, 2.77645)]
    [DataRow(5, 2.57058)]
    [DataRow(9, 2.26216)]
    [DataRow(10, 2.22814)]
    [DataRow(30, 2.04227)]
    [DataRow(120, 1.97993)]
    [DataRow(1000, 1.96234)]
    public void Quantile_PrintedTable_Agrees(int degreesOfFreedom, double expected) =>
        Assert.AreEqual(expected, Confidence.Quantile(degreesOfFreedom), 1e-4);

    [TestMethod]
    public void Of_FiveValues_IsTheTextbookInterval()
    {
        var interval = Confidence.Of([1, 2, 3, 4, 5]);
        Assert.AreEqual(3, interval.Mean);
        Assert.AreEqual(Math.Sqrt(2.5), interval.StdDev, 1e-12);
        Assert.AreEqual(2.77645 * Math.Sqrt(2.5 / 5), interval.HalfWidth, 1e-4);
        Assert.IsTrue(interval.IsKnown);
    }

    [TestMethod]
    public void Of_NoneOrOne_ClaimsNothing()
    {
        Assert.AreEqual(new(0, 0, 0, double.PositiveInfinity), Confidence.Of([]));
        Assert.AreEqual(new(1, 7, 0, double.PositiveInfinity), Confidence.Of([7]));
        Assert.IsFalse(Confidence.Of([7]).IsKnown);
    }

    [TestMethod]
    public void Of_EqualValues_HasNoWidth() => Assert.AreEqual(0, Confidence.Of([0.1, 0.1, 0.1]).HalfWidth);

    [TestMethod]
    public void OfDifference_SharedNoise_CancelsOut()
    {
        double[] noise = [1, 9, 4, 7, 2];
        var difference = Confidence.OfDifference([.. noise.Select(n => n + 1)], noise);
        Assert.AreEqual(1, difference.Mean, 1e-12);
        Assert.IsLessThan(1e-9, difference.HalfWidth);
        Assert.IsGreaterThan(1, Confidence.Of(noise).HalfWidth);
        Assert.ThrowsExactly<ArgumentException>(() => Confidence.OfDifference([1], []));
    }

    [TestMethod]
    public void Of_NormalSamples_CoversTheMeanAboutNineteenTimesInTwenty()
    {
        var random = new RandomStream(7, 0);
        var covered = 0;
        for (var i = 0; i < 2000; i++)
        {
            var values = new double[5];
            for (var k = 0; k < 5; k++) values[k] = random.NextNormal();
            var interval = Confidence.Of(values);
            if (interval.Low <= 0 && interval.High >= 0) covered++;
        }
        Assert.AreEqual(0.95, covered / 2000.0, 0.02);
    }
}
