using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Hosting.Wasm;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Simulator;
using InferMesh.Tests.Unit.Strategies.Recording;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>hybrid_mesh as a plugin ranks as the built-in does, bit for bit, what was learned of answers included.</summary>
[TestClass, DoNotParallelize]
public sealed class HybridMeshEqualityTests
{
    private const int All = 100_000;

    [TestMethod]
    public void Plugins_OnGeneratedDecisions_RankAsTheBuiltIn()
    {
        using var host = Packages.Host();
        using var dotnet = Packages.Load(host, Packages.HybridDotNet());
        using var c = Packages.Load(host, Packages.Hybrid("hybrid_mesh_c.wasm"));
        using var rust = Packages.Load(host, Packages.Hybrid("hybrid_mesh_rust.wasm"));
        using var assemblyScript = Packages.Load(host, Packages.Hybrid("hybrid_mesh_assemblyscript.wasm"));
        Compare([dotnet, c, rust, assemblyScript], All);
    }

    [TestMethod]
    public void Plugins_OnRecordedDecisions_RankAsTheBuiltIn()
    {
        // What a simulated mesh of 80 targets decided with the built-in (synthetic), what it was told of answers included.
        var files = Recordings.Of(SimConfigs.Small(20, 1.02 * All / 800, "hybrid_mesh") with { Failures = new() { MeanTimeBetweenS = 60, MeanRepairS = 2 } });
        using var host = Packages.Host();
        using var dotnet = Packages.Load(host, Packages.HybridDotNet());
        using var c = Packages.Load(host, Packages.Hybrid("hybrid_mesh_c.wasm"));
        using var rust = Packages.Load(host, Packages.Hybrid("hybrid_mesh_rust.wasm"));
        var compared = new Compared([dotnet, c, rust]);
        Recordings.Read(files, compared);
        Assert.AreEqual(All, compared.Decisions);
        foreach (var plugin in new[] { dotnet, c, rust }) Assert.IsEmpty(plugin.Counts.Fallbacks);
    }

    [TestMethod]
    public void Batch_OfRequests_IsRankedAsOneByOne()
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Packages.Hybrid("hybrid_mesh_c.wasm"));
        var random = new Decisions(2);
        var strategy = StrategyCatalog.Create("hybrid_mesh");
        for (var made = 0; made < 200; made++)
        {
            var targets = random.Set(1 + random.Next(200));
            var origin = random.Request().Origin;
            var requests = Enumerable.Range(0, 1 + random.Next(16)).Select(i => new BatchedRequest(random.Request() with { Origin = origin }, random.Verdicts(targets.Count), (ulong)i, random.Seed())).ToArray();
            var guest = ((WasmPlugin)plugin).Batches(null);
            Span<RankedTarget> best = new RankedTarget[3 * requests.Length];
            Span<int> counts = new int[requests.Length];
            Assert.AreEqual(PluginFailure.None, guest.RankBatch(targets, requests, Tables.NowTicks, 3, best, counts));
            Span<RankedTarget> expected = new RankedTarget[3];
            for (var i = 0; i < requests.Length; i++)
            {
                Assert.AreEqual(strategy.Rank(requests[i].Input(targets, Tables.NowTicks), expected), counts[i]);
                CollectionAssert.AreEqual(expected[..counts[i]].ToArray(), best.Slice(3 * i, counts[i]).ToArray());
            }
        }
    }

    internal static void Compare(IReadOnlyList<LoadedPlugin> plugins, int decisions)
    {
        var random = new Decisions(1);
        var ours = StrategyCatalog.Create("hybrid_mesh");
        IRoutingStrategy[] theirs = [.. plugins.Select(static p => p.CreateRouting(null, new Unreachable()))];
        Span<RankedTarget> expected = stackalloc RankedTarget[5];
        Span<RankedTarget> actual = stackalloc RankedTarget[5];
        for (var made = 0; made < decisions;)
        {
            // Fleets on both sides of the size from which on the ranking has two stages.
            var targets = random.Set(random.Next(4) == 0 ? 1 + random.Next(40) : 1 + random.Next(250));
            if (random.Next(4) == 0) targets.Track();
            for (var turn = 0; turn < 200 && made < decisions; turn++, made++)
            {
                if (turn % 10 == 5)
                {
                    var answer = random.Answer(targets);
                    foreach (var strategy in theirs.Prepend(ours))
                    {
                        ((ILearningStrategy)strategy).Dispatched(new(targets, Tables.Request(), [], Tables.NowTicks, 0, 0), 0);
                        ((ILearningStrategy)strategy).Completed(answer);
                    }
                }
                var wanted = 1 + random.Next(5);
                var input = new RankingInput(targets, random.Request(), random.Verdicts(targets.Count), Tables.NowTicks + turn * TimeSpan.TicksPerMillisecond, (ulong)made, random.Seed());
                var count = ours.Rank(input, expected[..wanted]);
                for (var p = 0; p < theirs.Length; p++)
                {
                    actual.Clear();
                    if (theirs[p].Rank(input, actual[..wanted]) == count && actual[..count].SequenceEqual(expected[..count])) continue;
                    Assert.Fail($"{plugins[p].Package}, decision {made} among {targets.Count}: {string.Join(", ", actual[..count].ToArray())} instead of {string.Join(", ", expected[..count].ToArray())}.");
                }
            }
        }
        foreach (var plugin in plugins) Assert.IsEmpty(plugin.Counts.Fallbacks);
    }

    /// <summary>Has recorded decisions ranked by the built-in, which must come to what was recorded, and by plugins, which must come to the same; all are told what was sent and answered.</summary>
    private sealed class Compared(IReadOnlyList<LoadedPlugin> plugins) : IRecordingVisitor
    {
        private readonly IRoutingStrategy[] _theirs = [.. plugins.Select(static p => p.CreateRouting(null, new Unreachable()))];
        private readonly RankedTarget[] _expected = new RankedTarget[5], _actual = new RankedTarget[5];

        public int Decisions { get; private set; }

        public void Decided(in RecordedDecision d)
        {
            if (Decisions == All) return;
            Decisions++;
            var expected = DecisionKernel.Pick(d.Targets, d.Request, d.Policy, d.NowTicks, d.Sequence, d.Seed, _expected);
            Assert.AreEqual(d.Result.Outcome, expected.Outcome);
            if (expected.Outcome != DecisionOutcome.Routed) return;
            Assert.AreEqual(d.Picks[0], _expected[0], "The built-in comes to what was recorded.");
            for (var p = 0; p < _theirs.Length; p++)
            {
                Array.Clear(_actual);
                var actual = DecisionKernel.Pick(d.Targets, d.Request, d.Policy with { Strategy = _theirs[p] }, d.NowTicks, d.Sequence, d.Seed, _actual);
                if (actual.Count == expected.Count && _actual.SequenceEqual(_expected)) continue;
                Assert.Fail($"{plugins[p].Package}, decision {d.Number}: {string.Join(", ", _actual)} instead of {string.Join(", ", _expected)}.");
            }
        }

        public void Sent(IRoutingStrategy strategy, in RankingInput input, int target)
        {
            ((ILearningStrategy)strategy).Dispatched(input, target);
            foreach (var their in _theirs) ((ILearningStrategy)their).Dispatched(input, target);
        }

        public void Learned(IRoutingStrategy strategy, in Outcome outcome)
        {
            foreach (var one in _theirs.Prepend(strategy)) ((ILearningStrategy)one).Completed(outcome);
        }
    }

    /// <summary>A fallback that must not be needed.</summary>
    internal sealed class Unreachable : IRoutingStrategy
    {
        public string Name => "unreachable";

        public int Rank(in RankingInput input, Span<RankedTarget> best) => throw new InvalidOperationException("The plugin did not answer.");

        public InferMesh.Strategies.Scoring.CostTerms Explain(in RankingInput input, int target) => default;
    }
}
