using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Endpoints;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Policies;

namespace InferMesh.Tests.Unit.Grains.Endpoints;

[TestClass]
public sealed class EndpointCompilerTests
{
    [TestMethod]
    public void Compile_StrategyAndHedging_MakeTheRule()
    {
        var rule = Compile(new() { Models = [new("a"), new("b")], Routing = new() { Strategy = "prefix_mesh" }, Hedging = new() { Enabled = false, MaxDelayMs = 20, MinDelayMs = 10 } })!;
        Assert.AreEqual(("endpoint/chat", 3L, "prefix_mesh", false), (rule.Name, rule.Version, rule.Strategy!.Name, rule.Hedging!.Enabled));
        Assert.AreEqual(TimeSpan.FromMilliseconds(20), rule.Hedging.MaxDelay);
        var set = new PolicySet([], new Dictionary<string, PolicyRule> { ["chat"] = rule });
        Assert.IsTrue(set.WantsPrefix("a") && set.WantsPrefix("b"));
        Assert.IsFalse(set.WantsPrefix("c"));
    }

    [TestMethod]
    public void Compile_NothingForDecisions_IsNoRule()
    {
        Assert.IsNull(Compile(new() { Models = [new("a")], SloClass = "x", Placement = new() { Zones = ["z"] } }));
        Assert.IsNull(Compile(new() { Models = [new("a")], Routing = new() { Strategy = "mesh" }, Enabled = false }));
    }

    [TestMethod]
    public void Compile_StrategyThatThisVersionDoesNotKnow_Throws() =>
        Assert.ThrowsExactly<ArgumentException>(() => Compile(new() { Models = [new("a")], Routing = new() { Strategy = "from_the_future" } }));

    private static PolicyRule? Compile(EndpointSpec spec) => EndpointCompiler.Compile(new() { Name = "chat", Version = 3, Spec = spec }, new PolicyStrategies());
}
