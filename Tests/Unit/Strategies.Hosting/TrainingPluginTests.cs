using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Training;
using InferMesh.Tests.Unit.Strategies.Training;
using Wasmtime;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>Training plugins: binpack in C places as the built-in does, and what does not fit is the fallback's.</summary>
[TestClass, DoNotParallelize]
public sealed class TrainingPluginTests
{
    private static readonly CollectiveFabric Fabric = CollectiveFabric.Unmeasured;

    [TestMethod]
    public void WasmBinpack_OnGeneratedFabrics_PlacesAsTheBuiltIn()
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Binpack());
        var random = new Random(3);
        var (ours, theirs) = (TrainingCatalog.Create("binpack"), plugin.CreateTraining(null, new Unreachable()));
        for (var made = 0; made < 2_000; made++)
        {
            var nodes = Enumerable.Range(0, 1 + random.Next(24)).Select(i => Fabrics.Node($"n{random.Next(1_000)}-{i}", $"r{random.Next(4)}", $"z{random.Next(3)}", random.Next(9), random.Next(4) == 0 ? "L4" : "H100") with
            {
                Rack = random.Next(5) == 0 ? "" : $"r{random.Next(4)}",
                NvlinkIsland = random.Next(2) == 0 ? "" : $"i{random.Next(6)}",
                TakesWork = random.Next(10) > 0,
            }).ToArray();
            var gang = new Gang
            {
                Workers = 1 + random.Next(40),
                MinWorkers = random.Next(3) == 0 ? 1 : 0,
                GpusPerWorker = 1 + random.Next(3),
                Throughput = random.Next(3) == 0 ? new Dictionary<string, double> { ["H100"] = 1 } : new Dictionary<string, double>(),
                Required = random.Next(3) == 0 ? (TopologyLevel)random.Next(6) : null,
                Preferred = random.Next(3) == 0 ? (TopologyLevel)random.Next(6) : null,
            };
            var (expected, actual) = (ours.Place(gang, nodes), theirs.Place(gang, nodes));
            Assert.AreEqual(expected.Failure, actual.Failure, $"Gang {made}: {gang}");
            CollectionAssert.AreEqual(expected.Groups.ToArray(), actual.Groups.ToArray(), $"Gang {made}: {gang}");
            Assert.AreEqual(expected.RingCost, actual.RingCost);
        }
        Assert.IsEmpty(plugin.Counts.Fallbacks);
    }

    [TestMethod]
    public void WasmHint_OfAPlacedGang_IsAHint()
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Binpack());
        var strategy = plugin.CreateTraining(null, new Unreachable());
        var placement = strategy.Place(Fabrics.Gang(4, 8), Fabrics.ThreeLevels(1, 2, 4));
        var hint = ((ICollectiveStrategy)strategy).Hint(placement, new(8, 0.1, 1e9), Fabric);
        Assert.AreEqual(CollectiveAlgorithm.Ring, hint.Ranges.Single().Algorithm);
        CollectionAssert.AreEqual(placement.Groups.ToArray(), hint.RankOrder.ToArray());
        Assert.AreEqual("Ring", hint.Environment["NCCL_ALGO"]);
        Assert.AreEqual(
            CollectivePlanner.Seconds(CollectiveAlgorithm.Ring, 4, 8, 1e9, CollectiveHints.Links(placement, Fabric)), hint.ExchangeSeconds, 1e-9);
        Assert.IsEmpty(plugin.Counts.Fallbacks);
    }

    [TestMethod]
    [DataRow("unreachable", PluginFailure.Trap, DisplayName = "trap")]
    [DataRow("(loop $l (br $l)) i32.const 0", PluginFailure.OutOfFuel, DisplayName = "infinite loop")]
    [DataRow("i32.const 0", PluginFailure.Invalid, DisplayName = "nothing")]
    [DataRow("i32.const 1", PluginFailure.Invalid, DisplayName = "declines")]
    [DataRow("(i32.store offset=64 (local.get $g) (i32.const 9)) i32.const 0", PluginFailure.Invalid, DisplayName = "more groups than nodes")]
    [DataRow("(i32.store offset=68 (local.get $g) (i32.const 77)) i32.const 0", PluginFailure.Invalid, DisplayName = "no such failure")]
    [DataRow("(i32.store offset=64 (local.get $g) (i32.const 1)) (i32.store (i32.load offset=60 (local.get $g)) (i32.const 5)) i32.const 0", PluginFailure.Invalid, DisplayName = "no such node")]
    [DataRow("(i32.store offset=64 (local.get $g) (i32.const 1)) (i32.store offset=4 (i32.load offset=60 (local.get $g)) (i32.const 99)) i32.const 0", PluginFailure.Invalid, DisplayName = "no room for so many")]
    [DataRow("(i32.store offset=64 (local.get $g) (i32.const 2)) (i64.store (i32.load offset=60 (local.get $g)) (i64.const 0x100000000)) (i64.store offset=8 (i32.load offset=60 (local.get $g)) (i64.const 0x100000000)) i32.const 0", PluginFailure.Invalid, DisplayName = "the same node twice")]
    public void Place_OfAHostilePlugin_IsTheFallbacks(string body, PluginFailure expected)
    {
        using var host = Packages.Host(Packages.Patient with { TrainingFuel = 1_000_000 });
        using var plugin = Packages.Load(host, Packages.Wasm(Module.ConvertText($"""
            (module (memory (export "memory") 4) (func (export "im_abi_version") (result i32) i32.const 1)
              (func (export "im_reserve") (param i32) (result i32) i32.const 65536) (func (export "im_place") (param $g i32) (result i32) {body}))
            """), "guest", PluginKind.Training));
        var placement = plugin.CreateTraining(null, TrainingCatalog.Create("binpack")).Place(Fabrics.Gang(2, 4), [Fabrics.Node("a"), Fabrics.Node("b")]);
        Assert.AreEqual(2, placement.Workers);
        Assert.AreEqual(1L, plugin.Counts.Fallbacks[expected]);
    }

    [TestMethod]
    public void DotNetTraining_ThatMisbehaves_IsTheFallbacks()
    {
        using var host = Packages.Host(Packages.Patient);
        using var plugin = Packages.Load(host, Packages.DotNet("InferMesh.Plugins.Hostile", "hostile_training", PluginKind.Training));
        foreach (var (kind, expected) in new[] { (1, PluginFailure.Exception), (2, PluginFailure.Invalid) })
        {
            var strategy = plugin.CreateTraining(new Dictionary<string, double> { ["kind"] = kind }, TrainingCatalog.Create("binpack"));
            Assert.AreEqual(2, strategy.Place(Fabrics.Gang(2, 4), [Fabrics.Node("a"), Fabrics.Node("b")]).Workers);
            Assert.AreEqual(1L, plugin.Counts.Fallbacks[expected]);
        }
    }

    private static PluginPackage Binpack() => Packages.Wasm(Packages.Prebuilt("binpack_c.wasm"), "binpack_guest", PluginKind.Training);

    private sealed class Unreachable : ITrainingStrategy
    {
        public string Name => "unreachable";

        public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes) => throw new InvalidOperationException("The plugin did not answer.");
    }
}
