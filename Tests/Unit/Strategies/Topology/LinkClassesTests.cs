using InferMesh.Strategies.Topology;

namespace InferMesh.Tests.Unit.Strategies.Topology;

[TestClass]
public sealed class LinkClassesTests
{
    [TestMethod]
    [DataRow("a", "eu", "a", "eu", LinkClass.Zone)]
    [DataRow("a", "eu", "b", "eu", LinkClass.Region)]
    [DataRow("a", "eu", "a", "us", LinkClass.Wan)]
    [DataRow("a", "", "a", "us", LinkClass.Zone)]
    [DataRow("", "", "a", "eu", LinkClass.Unknown)]
    [DataRow("a", "eu", "", "", LinkClass.Unknown)]
    [DataRow("", "eu", "", "us", LinkClass.Wan)]
    public void Between_Labels_TellTheClass(string zone, string region, string nodeZone, string nodeRegion, LinkClass expected) =>
        Assert.AreEqual(expected, LinkClasses.Between(new(zone, region), nodeZone, nodeRegion));

    [TestMethod]
    public void Between_OriginNotGiven_IsUnknown() => Assert.AreEqual(LinkClass.Unknown, LinkClasses.Between(default, "a", "eu"));

    [TestMethod]
    [DataRow("a", "r1", "n1", LinkClass.IntraNode)]
    [DataRow("a", "r1", "n2", LinkClass.Rack)]
    [DataRow("a", "r2", "n2", LinkClass.Zone)]
    [DataRow("b", "r1", "n2", LinkClass.Region)]
    [DataRow("", "r1", "n2", LinkClass.Unknown)]
    public void Between_RackAndMachine_AreNearer(string nodeZone, string rack, string node, LinkClass expected) =>
        Assert.AreEqual(expected, LinkClasses.Between(new("a", "eu", "r1", "n1"), nodeZone, "eu", rack, node));

    [TestMethod]
    public void Defaults_NearerClasses_AreFasterAndNoDearer()
    {
        LinkClass[] fromNear = [LinkClass.NvLink, LinkClass.IntraNode, LinkClass.Rack, LinkClass.Zone, LinkClass.Region, LinkClass.Wan];
        foreach (var (near, far) in fromNear.Zip(fromNear.Skip(1)))
        {
            var (a, b) = (LinkClasses.Of(near), LinkClasses.Of(far));
            Assert.IsTrue(a.RttSeconds < b.RttSeconds && a.BytesPerSecond > b.BytesPerSecond && a.DollarsPerByte <= b.DollarsPerByte, $"{near} and {far}");
        }
        Assert.HasCount(Enum.GetValues<LinkClass>().Length, LinkClasses.Defaults);
        CollectionAssert.AllItemsAreUnique(Enum.GetValues<LinkClass>().Select(LinkClasses.Name).ToArray());
    }
}
