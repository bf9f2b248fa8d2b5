using InferMesh.Grains.Topology;
using InferMesh.Tests.Unit.Adapters.Probing;

namespace InferMesh.Tests.Unit.Grains.Topology;

[TestClass]
public sealed class TopologyGrainTests
{
    [TestMethod]
    public async Task List_ApisThatFellSilent_AreForgotten()
    {
        var time = new SteppedTime();
        var grain = new TopologyGrain(time);
        await grain.Announce(new() { Name = "b" });
        time.Advance(TimeSpan.FromSeconds(15));
        await grain.Announce(new() { Name = "a", Version = 1 });
        await grain.Announce(new() { Name = "a", Version = 2 });
        CollectionAssert.AreEqual(new[] { ("a", 2L), ("b", 0L) }, (await grain.List()).Select(a => (a.Name, a.Version)).ToArray());
        time.Advance(TimeSpan.FromSeconds(15));
        CollectionAssert.AreEqual(new[] { "a" }, (await grain.List()).Select(a => a.Name).ToArray());
    }

    [TestMethod]
    public async Task Announce_FarTooMany_AreNotKept()
    {
        var grain = new TopologyGrain(new SteppedTime());
        for (var i = 0; i < 1000; i++) await grain.Announce(new() { Name = $"api-{i:000}" });
        await grain.Announce(new() { Name = "api-000", Version = 7 });
        var apis = await grain.List();
        Assert.HasCount(256, apis);
        Assert.AreEqual(7, apis[0].Version);
    }
}
