using InferMesh.ServiceDefaults.Telemetry;

namespace InferMesh.Tests.Unit.ServiceDefaults.Telemetry;

[TestClass]
public sealed class LabelLimitTests
{
    [TestMethod]
    public void Of_MoreValuesThanAllowed_KeepsTheFirstAndCallsTheRestOther()
    {
        var tenants = new LabelLimit(2);
        CollectionAssert.AreEqual(new[] { "a", "", "b", "other", "a", "other", "" }, new[] { "a", "", "b", "c", "a", "d", "" }.Select(t => tenants.Of(t, isKnown: true)).ToArray());
    }

    [TestMethod]
    public void Of_WhatOnlyACallerKnows_TakesNoPlace()
    {
        var tenants = new LabelLimit(1);
        for (var i = 0; i < 10; i++) Assert.AreEqual("other", tenants.Of($"made-up-{i}", isKnown: false));
        Assert.AreEqual("acme", tenants.Of("acme", isKnown: true));
        Assert.AreEqual("acme", tenants.Of("acme", isKnown: false), "what was known once keeps its name");
    }
}
