using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.PrometheusText;

[TestClass]
public sealed class PrometheusLabelsTests
{
    [TestMethod]
    public void Equals_SamePairsInAnyOrder_IsTrueWithOneHash()
    {
        var one = new PrometheusLabels(new("a", "1"), new("b", "2"));
        var other = new PrometheusLabels(new("b", "2"), new("a", "1"));

        Assert.AreEqual(one, other);
        Assert.AreEqual(one.GetHashCode(), other.GetHashCode());
        Assert.AreNotEqual(one, PrometheusLabels.Of("a", "1"));
        Assert.AreEqual("{a=\"1\",b=\"2\"}", one.ToString());
    }

    [TestMethod]
    public void Contains_Subset_AndWithout_LeaveTheRest()
    {
        var labels = new PrometheusLabels(new("a", "1"), new("b", "2"));

        Assert.IsTrue(labels.Contains(PrometheusLabels.Of("b", "2")));
        Assert.IsTrue(labels.Contains(PrometheusLabels.Empty));
        Assert.IsFalse(labels.Contains(PrometheusLabels.Of("b", "3")));
        Assert.AreEqual(PrometheusLabels.Of("a", "1"), labels.Without("b"));
        Assert.AreSame(labels, labels.Without("c"));
    }
}
