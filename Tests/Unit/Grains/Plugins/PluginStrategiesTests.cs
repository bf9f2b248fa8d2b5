using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Grains.Plugins;

[TestClass]
public sealed class PluginStrategiesTests
{
    private static readonly RoutingSpec Spec = new() { Strategy = "guest", Fallback = "least_queue" };

    [TestMethod]
    public void For_APluginThatComesAndGoes_IsItsStrategyOrTheFallback()
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick())));
        LoadedPlugin? served = null;
        var strategies = new PolicyStrategies(_ => served);
        var before = strategies.For("p", Spec);
        Assert.AreEqual("least_queue", before.Name);
        Assert.AreSame(before, strategies.For("p", Spec));
        Assert.AreEqual(new PluginReference("guest", ""), strategies.Named.Single());
        Assert.IsEmpty(strategies.Plugins);

        served = plugin;
        var own = strategies.For("p", Spec);
        Assert.AreEqual("guest@1.0.0", own.Name);
        Assert.AreSame(own, strategies.For("p", Spec), "What it has learned stays.");
        Assert.AreSame(plugin, strategies.Plugins.Single());

        served = null;
        Assert.AreEqual("least_queue", strategies.For("p", Spec).Name);
        strategies.Keep([]);
        Assert.IsEmpty(strategies.Named);
    }

    [TestMethod]
    public void For_AnotherFallback_IsAnotherStrategy()
    {
        var strategies = new PolicyStrategies(_ => null);
        strategies.For("p", Spec);
        Assert.AreEqual("hybrid_mesh", strategies.For("p", Spec with { Fallback = null }).Name);
    }

    [TestMethod]
    public void For_ParametersThatTheVersionDoesNotTake_IsTheFallback()
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick())));
        var strategies = new PolicyStrategies(_ => plugin);
        var other = Spec with { Parameters = new Dictionary<string, double> { ["x"] = 1 } };
        var strategy = strategies.For("p", other);
        Assert.AreEqual("least_queue", strategy.Name);
        Assert.AreSame(strategy, strategies.For("p", other));
        Assert.AreEqual("p", strategies.OnFallback.Single());
        strategies.For("p", Spec);
        Assert.IsEmpty(strategies.OnFallback);
    }

    [TestMethod]
    public void For_WithoutPlugins_KnowsTheCatalogueAlone() => Assert.ThrowsExactly<ArgumentException>(() => new PolicyStrategies().For("p", Spec));
}
