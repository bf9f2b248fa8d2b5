using CsCheck;
using InferMesh.Simulator.Metrics;

namespace InferMesh.Tests.Unit.Simulator.Metrics;

[TestClass]
public sealed class HistogramTests
{
    [TestMethod]
    public void Quantile_AnyValues_IsWithinOnePercent() =>
        Gen.Select(Gen.OneOf(Gen.Long[0, 100], Gen.Long[0, 1_000_000], Gen.Long[0, 1L << 50]).Array[1, 300], Gen.Double[0, 1]).Sample(static (values, share) =>
        {
            var histogram = new Histogram();
            foreach (var v in values) histogram.Add(v);
            Array.Sort(values);
            var exact = values[Math.Clamp((int)Math.Ceiling(share * values.Length) - 1, 0, values.Length - 1)];
            Assert.AreEqual(exact / 1e9, histogram.QuantileSeconds(share), 0.01 * exact / 1e9 + 1e-12);
            Assert.AreEqual(values.Average(v => (double)v) / 1e9, histogram.ToQuantiles().Mean, 1e-9 * values[^1] / 1e9 + 1e-18);
            Assert.AreEqual(values[^1] / 1e9, histogram.ToQuantiles().Max);
        });

    [TestMethod]
    public void Add_AnotherHistogram_IsAsIfItsValuesHadComeHere()
    {
        var (a, b, both) = (new Histogram(), new Histogram(), new Histogram());
        for (var i = 0L; i < 1000; i++)
        {
            (i % 3 == 0 ? a : b).Add(i * i * i);
            both.Add(i * i * i);
        }
        a.Add(b);
        Assert.AreEqual((both.Count, both.SumNs, both.Max), (a.Count, a.SumNs, a.Max));
        Assert.AreEqual(both.QuantileSeconds(0.9), a.QuantileSeconds(0.9));
    }

    [TestMethod]
    public void ToQuantiles_NoValues_IsAllZero() => Assert.AreEqual(0, new Histogram().ToQuantiles() is { Count: 0, Cdf.Count: 0 } q ? q.P99 + q.Mean + q.Max : 1);

    [TestMethod]
    public void Cdf_OfAnyValues_RisesToOne()
    {
        var histogram = new Histogram();
        for (var i = 1; i <= 10_000; i++) histogram.Add(i * 1_000L);
        var cdf = histogram.ToQuantiles().Cdf;
        Assert.IsLessThanOrEqualTo(100, cdf.Count);
        Assert.AreEqual((1.0, 0.01), (cdf[^1].Share, cdf[^1].Seconds));
        for (var i = 1; i < cdf.Count; i++) Assert.IsTrue(cdf[i].Seconds > cdf[i - 1].Seconds && cdf[i].Share > cdf[i - 1].Share);
    }
}
