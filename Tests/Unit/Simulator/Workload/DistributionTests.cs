using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Workload;

namespace InferMesh.Tests.Unit.Simulator.Workloads;

[TestClass]
public sealed class DistributionTests
{
    private const int Draws = 1_000_000;

    [TestMethod]
    public void Zipf_OfAThousand_GivesTheTopTenTheirShare()
    {
        // Reference case zipf-top10: 0.391287 within 2 %; the first alone has 0.133592.
        var (zipf, random) = (Shares.Zipf(1000, 1), new RandomStream(5, 1));
        int top = 0, first = 0;
        for (var i = 0; i < Draws; i++)
        {
            var rank = zipf.Pick(random);
            if (rank < 10) top++;
            if (rank == 0) first++;
        }

        Assert.AreEqual(0.391287, top / (double)Draws, 0.391287 * 0.02);
        Assert.AreEqual(0.133592, first / (double)Draws, 0.133592 * 0.02);
    }

    [TestMethod]
    public void Lognormal_HasTheReferenceMeanMedianAndTail()
    {
        // Reference case lognorm-mean: mean 665.142 within 2 %, median 403.43, p99 4131.3.
        var drawn = Draw(new() { Dist = DistKind.Lognormal, Mu = 6, Sigma = 1 });

        Assert.AreEqual(665.142, drawn.Average(), 665.142 * 0.02);
        Array.Sort(drawn);
        Assert.AreEqual(403.43, drawn[Draws / 2], 403.43 * 0.02);
        Assert.AreEqual(4131.3, drawn[Draws / 100 * 99], 4131.3 * 0.02);
    }

    [TestMethod]
    [DataRow(0.7)]
    [DataRow(12.0)]
    [DataRow(30.0)]
    [DataRow(2_000.0)]
    public void Poisson_HasEqualMeanAndVariance(double lambda)
    {
        var drawn = Draw(new() { Dist = DistKind.Poisson, Lambda = lambda });
        var mean = drawn.Average();

        Assert.AreEqual(lambda, mean, lambda * 0.005);
        Assert.AreEqual(lambda, drawn.Sum(x => (x - mean) * (x - mean)) / Draws, lambda * 0.01);
    }

    [TestMethod]
    public void Others_HaveTheirMeans()
    {
        Assert.AreEqual(7, Draw(new() { Value = 7 }).Average());
        Assert.AreEqual(0.25, Draw(new() { Dist = DistKind.Exponential, Lambda = 4 }).Average(), 0.002);
        Assert.AreEqual(20, Draw(new() { Dist = DistKind.Uniform, Min = 10, Max = 30 }).Average(), 0.05);
        Assert.AreEqual(100, Draw(new() { Dist = DistKind.Normal, Mean = 100, Std = 10 }).Average(), 0.1);
        Assert.AreEqual(2.5, Draw(new() { Dist = DistKind.Discrete, Cases = [(1, 0.5), (3, 0), (4, 0.5)] }).Average(), 0.01);
        Assert.IsGreaterThanOrEqualTo(0, Draw(new() { Dist = DistKind.Normal, Mean = 0, Std = 1 }).Min());
    }

    [TestMethod]
    public void Ziggurat_HasTheNormalsMomentsAndTails()
    {
        var random = new RandomStream(9, 1);
        var drawn = new double[Draws];
        for (var i = 0; i < Draws; i++) drawn[i] = Ziggurat.Next(random);

        Assert.AreEqual(0, drawn.Average(), 0.004);
        Assert.AreEqual(1, drawn.Average(x => x * x), 0.006);
        Assert.AreEqual(3, drawn.Average(x => x * x * x * x), 0.06);
        foreach (var (x, tail) in new[] { (0.5, 0.308538), (1.0, 0.158655), (2.0, 0.0227501), (3.0, 0.00134990), (3.6, 0.000159109) })
        {
            // Three and a half standard errors of a share.
            var allowed = 3.5 * Math.Sqrt(tail / Draws);
            Assert.AreEqual(tail, drawn.Count(d => d > x) / (double)Draws, allowed);
            Assert.AreEqual(tail, drawn.Count(d => d < -x) / (double)Draws, allowed);
        }
    }

    [TestMethod]
    public void Pick_OfAnIndexWithoutWeight_NeverHappens()
    {
        var (shares, random) = (new Shares([0, 1, 0, 1, 0]), new RandomStream(1, 1));
        for (var i = 0; i < 100_000; i++) Assert.IsTrue(shares.Pick(random) is 1 or 3);
    }

    [TestMethod]
    public void LogGamma_OfWholeNumbers_IsTheFactorial()
    {
        var factorial = 1.0;
        for (var n = 1; n < 20; n++) Assert.AreEqual(Math.Log(factorial *= n), GammaFunction.Log(n + 1), 1e-10);
    }

    private static double[] Draw(DistConfig config)
    {
        var (sampler, random) = (new Sampler(config), new RandomStream(3, 1));
        var drawn = new double[Draws];
        for (var i = 0; i < Draws; i++) drawn[i] = sampler.Draw(random);
        return drawn;
    }
}
