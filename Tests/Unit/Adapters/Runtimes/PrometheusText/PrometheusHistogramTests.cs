using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.PrometheusText;

[TestClass]
public sealed class PrometheusHistogramTests
{
    private const string Page = """
        # TYPE t histogram
        t_bucket{le="0.1",m="a",e="0"} 10
        t_bucket{le="1",m="a",e="0"} 30
        t_bucket{le="+Inf",m="a",e="0"} 40
        t_sum{m="a",e="0"} 35
        t_count{m="a",e="0"} 40
        t_bucket{le="+Inf",m="a",e="1"} 4
        t_bucket{le="1",m="a",e="1"} 2
        t_bucket{le="0.1",m="a",e="1"} 0
        t_sum{m="a",e="1"} 5
        t_count{m="a",e="1"} 4
        t_bucket{le="+Inf",m="b",e="0"} 1
        t_sum{m="b",e="0"} 2
        t_count{m="b",e="0"} 1

        """;

    [TestMethod]
    public void Histogram_ByLabels_MergesMatchingSeries()
    {
        var merged = PrometheusPage.Parse(Page).Histogram("t", PrometheusLabels.Of("m", "a"))!;

        CollectionAssert.AreEqual(
            new[] { new PrometheusBucket(0.1, 10), new PrometheusBucket(1, 32), new PrometheusBucket(double.PositiveInfinity, 44) },
            merged.Buckets.ToArray());
        Assert.AreEqual(44.0, merged.Count);
        Assert.AreEqual(40.0, merged.Sum);
    }

    [TestMethod]
    public void Histogram_SeriesWithDifferentBounds_KeepsTheSharedOnes()
    {
        var merged = PrometheusPage.Parse(Page).Histogram("t")!;

        CollectionAssert.AreEqual(new[] { new PrometheusBucket(double.PositiveInfinity, 45) }, merged.Buckets.ToArray());
    }

    [TestMethod]
    [DataRow("t_bucket{le=\"1\"} 1\n")]
    [DataRow("t_bucket{le=\"1\"} 2\nt_bucket{le=\"+Inf\"} 1\n")]
    [DataRow("t_bucket{le=\"x\"} 1\nt_bucket{le=\"+Inf\"} 1\n")]
    [DataRow("t_bucket 1\n")]
    [DataRow("t_bucket{le=\"+Inf\"} NaN\n")]
    public void Histogram_GarbledBuckets_IsNone(string page) => Assert.IsNull(PrometheusPage.Parse(page).Histogram("t"));

    [TestMethod]
    public void Histogram_WithoutSum_HasNoMean()
    {
        var histogram = PrometheusPage.Parse("t_bucket{le=\"1\"} 1\nt_bucket{le=\"+Inf\"} 1\n").Histogram("t")!;

        Assert.AreEqual(double.NaN, histogram.Mean);
        Assert.AreEqual(0.5, histogram.Quantile(0.5));
    }

    [TestMethod]
    public void Quantile_Interpolates_AsPrometheusDoes()
    {
        var histogram = PrometheusPage.Parse("t_bucket{le=\"0.1\"} 10\nt_bucket{le=\"0.5\"} 10\nt_bucket{le=\"1\"} 30\nt_bucket{le=\"+Inf\"} 40\n").Histogram("t")!;

        Assert.AreEqual(0.0, histogram.Quantile(0));
        Assert.AreEqual(0.05, histogram.Quantile(0.125), 1e-12);
        Assert.AreEqual(0.1, histogram.Quantile(0.25), 1e-12);
        Assert.AreEqual(0.75, histogram.Quantile(0.5), 1e-12);
        Assert.AreEqual(1.0, histogram.Quantile(0.75), 1e-12);
        Assert.AreEqual(1.0, histogram.Quantile(0.99)); // in the open bucket: its lower bound is all that is known
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => histogram.Quantile(1.5));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => histogram.Quantile(double.NaN));
    }

    [TestMethod]
    public void Quantile_NothingObserved_IsNaN() =>
        Assert.AreEqual(double.NaN, PrometheusPage.Parse("t_bucket{le=\"1\"} 0\nt_bucket{le=\"+Inf\"} 0\n").Histogram("t")!.Quantile(0.5));

    [TestMethod]
    public void Since_Growth_IsTheDifferenceAndAFallIsNone()
    {
        var before = Of(10, 20, 15);
        var window = Of(12, 30, 22).Since(before)!;

        CollectionAssert.AreEqual(new[] { new PrometheusBucket(1, 2), new PrometheusBucket(double.PositiveInfinity, 10) }, window.Buckets.ToArray());
        Assert.AreEqual(0.7, window.Mean, 1e-12);
        Assert.IsNull(Of(1, 2, 1).Since(before));
        Assert.IsNull(Of(9, 30, 22).Since(before));
        Assert.IsNull(PrometheusPage.Parse("t_bucket{le=\"2\"} 90\nt_bucket{le=\"+Inf\"} 99\nt_sum 99\n").Histogram("t")!.Since(before));
    }

    private static PrometheusHistogram Of(double atOne, double all, double sum) =>
        PrometheusPage.Parse(FormattableString.Invariant($"t_bucket{{le=\"1\"}} {atOne}\nt_bucket{{le=\"+Inf\"}} {all}\nt_sum {sum}\nt_count {all}\n")).Histogram("t")!;
}
