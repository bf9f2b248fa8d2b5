using InferMesh.Strategies.Topology;

namespace InferMesh.Tests.Unit.Strategies.Topology;

[TestClass]
public sealed class LinkClassesTests
{
    [TestMethod]
    [DataRow("a", "eu", "a", "eu", LinkClass.SameZone)]
    [DataRow("a", "eu", "b", "eu", LinkClass.SameRegion)]
    [DataRow("a", "eu", "a", "us", LinkClass.Wan)]
    [DataRow("a", "", "a", "us", LinkClass.SameZone)]
    [DataRow("", "", "a", "eu", LinkClass.Unknown)]
    [DataRow("a", "eu", "", "", LinkClass.Unknown)]
    [DataRow("", "eu", "", "us", LinkClass.Wan)]
    public void Between_Labels_TellTheClass(string zone, string region, string nodeZone, string nodeRegion, LinkClass expected) =>
        Assert.AreEqual(expected, LinkClasses.Between(new(zone, region), nodeZone, nodeRegion));

    [TestMethod]
    public void Between_OriginNotGiven_IsUnknown() => Assert.AreEqual(LinkClass.Unknown, LinkClasses.Between(default, "a", "eu"));
}
