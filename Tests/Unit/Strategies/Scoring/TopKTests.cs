using CsCheck;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Tests.Unit.Strategies.Scoring;

[TestClass]
public sealed class TopKTests
{
    [TestMethod]
    public void Offer_AnyScores_KeepsWhatASortWouldPutFirst() => Gen.Select(Gen.Int[0, 5].Array[0, 50], Gen.Int[1, 10], Gen.ULong).Sample(static (scores, k, seed) =>
    {
        var start = new TopK([], seed, scores.Length).Start;
        var expected = Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).ThenBy(i => (i - start + scores.Length) % scores.Length).Take(k).ToArray();
        CollectionAssert.AreEqual(expected, Best([.. scores.Select(s => (double)s)], k, seed));
    });

    [TestMethod]
    public void Offer_NotANumber_ComesLastEvenAfterInfinity()
    {
        CollectionAssert.AreEqual(new[] { 2, 1 }, Best([double.NaN, 5, 3], 2, 0));
        Assert.HasCount(2, Best([double.NaN, double.NaN], 5, 0));
    }

    [TestMethod]
    public void Offer_Ties_FallToEachTargetEquallyOften()
    {
        var counts = new int[10];
        for (var seed = 0UL; seed < 10_000; seed++) counts[Best(new double[10], 1, seed)[0]]++;
        Assert.IsTrue(counts.All(c => c is > 880 and < 1120), string.Join(' ', counts));
    }

    private static int[] Best(double[] scores, int k, ulong seed)
    {
        var best = new RankedTarget[k];
        var top = new TopK(best, seed, scores.Length);
        var target = 0;
        foreach (var score in scores) top.Offer(target++, score);
        return [.. best.Take(top.Count).Select(b => b.Target)];
    }
}
