using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using Wasmtime;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Silos record what they decide under load, and it replays bit for bit.</summary>
[TestClass]
public sealed class RecordingTests
{
    private const int Callers = 8, CallsOfEach = 150;

    [TestMethod]
    public async Task Route_UnderLoad_IsRecordedAndReplaysBitForBit()
    {
        var (policy, cell) = (Unique("policy"), Unique("cell"));
        var (plain, learned) = (Unique("recorded"), Unique("recorded"));
        var nodes = Enumerable.Range(0, 6).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, cell);
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Routing, Models = [learned], Routing = new() { Strategy = "hybrid_mesh" } }, PolicyVersions.None, "test");
        // A report names all that a node serves: two reporters of one node would take turns with what it has.
        var reporters = nodes.Select((n, i) => KeepReporting(n, i % 2 == 0 ? plain : learned)).ToArray();
        foreach (var model in new[] { plain, learned })
            await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 3 && (model == plain || d.Strategy == "hybrid_mesh"), $"nodes of {model}");

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => CallAsync(caller % 2 == 0 ? plain : learned, caller)));
        foreach (var reporter in reporters) await reporter.DisposeAsync();
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");

        // The silos hand over what they have once a second.
        var found = await EventuallyAsync(() => Task.FromResult(Replay(plain, learned)), f => f.Ended >= Callers * CallsOfEach, "all ends in the files");
        Assert.AreEqual(Callers * CallsOfEach, found.Ours);
        Assert.IsEmpty(found.Replay.Differences, string.Join("\n", found.Replay.Differences));
        Assert.AreEqual(found.Replay.Replayed, found.Replay.Identical);
        Assert.AreEqual(0, found.Replay.Skipped(Replayable.MemoryUnknown), "Recorded from the first decision on.");
        Assert.IsGreaterThanOrEqualTo(Callers * CallsOfEach, found.Replay.Replayed);
    }

    [TestMethod]
    public async Task Route_ByPlugins_IsRecordedWithTheirDigests_AndReplaysBitForBit()
    {
        var (cell, good, bad) = (Unique("cell"), Unique("plugin").Replace('-', '_'), Unique("plugin").Replace('-', '_'));
        var models = new[] { Unique("recorded"), Unique("recorded") };
        var archives = new[] { PluginArchive.Of(good, "1.0.0"), PluginArchive.OfRouting(bad, "1.0.0", Module.ConvertText(TrapsForEveryEighthSeed)) };
        foreach (var (name, archive, model) in new[] { (good, archives[0], models[0]), (bad, archives[1], models[1]) })
        {
            var pushed = await Client.GetGrain<IPluginGateGrain>(0).Push(new(archive, false, false), "test");
            Assert.AreEqual(PluginStatus.Accepted, pushed.Status, string.Join("; ", pushed.Errors));
            Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(name).Enable("1.0.0", false, "test")).Status);
            var policy = await Client.GetGrain<IPolicyGrain>(name).Put(new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = name, Fallback = "hybrid_mesh" } }, PolicyVersions.None, "test");
            Assert.AreEqual(PolicyStatus.Accepted, policy.Status, string.Join("; ", policy.Errors));
        }
        var nodes = Enumerable.Range(0, 6).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, cell);
        var reporters = nodes.Select((n, i) => KeepReporting(n, models[i % 2])).ToArray();
        for (var key = 0; key < Callers; key++)
        {
            foreach (var (model, name) in new[] { (models[0], good), (models[1], bad) })
                await EventuallyAsync(() => Router(key).DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 3 && d.Strategy == $"{name}@1.0.0", $"nodes and plugin of {model}");
        }

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => CallAsync(models[caller % 2], caller)));
        foreach (var reporter in reporters) await reporter.DisposeAsync();

        using var host = new PluginHost(new() { Development = true, Budget = new() { RoutingDeadline = TimeSpan.FromSeconds(30), Breaker = new(MinFailures: int.MaxValue) } });
        var plugins = archives.Select(a => host.TryLoad(PluginPackage.TryRead(new MemoryStream(a), out _)!, null, out _)!).ToArray();
        IHostedStrategy? Made(PluginIdentity which, IReadOnlyDictionary<string, double> parameters, IRoutingStrategy fallback) =>
            plugins.FirstOrDefault(p => p.Package.Digest == which.Digest)?.CreateRouting(parameters, fallback);
        var (replay, ours, _) = await EventuallyAsync(() => Task.FromResult(Replay(Made, models)), f => f.Ended >= Callers * CallsOfEach, "all ends in the files");
        Assert.AreEqual(Callers * CallsOfEach, ours);
        Assert.IsEmpty(replay.Differences, string.Join("\n", replay.Differences));
        Assert.AreEqual((ours, ours), ((int)replay.Replayed, (int)replay.Identical));
        // Too many trap: after a few the plugin is left alone.
        CollectionAssert.IsSubsetOf(new[] { "trap", "breaker_open" }, replay.Fallbacks.Keys.ToArray());

        // Without the packages, what the fallback decided is made again, and the rest is told by name.
        var (bare, _, _) = Replay(null, models);
        var fellBack = replay.Fallbacks.Values.Sum();
        Assert.AreEqual((fellBack, fellBack), (bare.Replayed, bare.Identical), string.Join("\n", bare.Differences));
        CollectionAssert.AreEquivalent(plugins.Select(static p => p.Package).ToArray(), bare.Missing.Keys.ToArray());
        Assert.AreEqual(ours - fellBack, bare.Missing.Values.Sum());

        foreach (var plugin in plugins) plugin.Dispose();
        foreach (var name in new[] { good, bad })
        {
            await Client.GetGrain<IPolicyGrain>(name).Delete(PolicyVersions.Any, "test");
            Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(name).Remove("", false, "test")).Status);
        }
    }

    // Not for the first, which dry runs ask about. Else the first target that may be picked, with the number of the session as its score.
    private const string TrapsForEveryEighthSeed = """
        (module (memory (export "memory") 16)
          (func (export "im_abi_version") (result i32) i32.const 1)
          (func (export "im_reserve") (param i32) (result i32) i32.const 65536)
          (func (export "im_columns") (result i64) i64.const 0)
          (func (export "im_rank") (param $batch i32) (result i32)
            (local $request i32) (local $picks i32) (local $target i32)
            (local.set $request (i32.load offset=36 (local.get $batch)))
            (if (i64.eq (i64.and (i64.load offset=8 (local.get $request)) (i64.const 7)) (i64.const 5)) (then unreachable))
            (loop $next
              (if (i32.load8_u (i32.add (i32.load offset=64 (local.get $request)) (local.get $target)))
                (then (local.set $target (i32.add (local.get $target) (i32.const 1))) (br $next))))
            (local.set $picks (i32.load offset=80 (local.get $request)))
            (i32.store (local.get $picks) (local.get $target))
            (f64.store offset=8 (local.get $picks) (f64.convert_i64_u (i64.load offset=48 (local.get $request))))
            (i32.store offset=84 (local.get $request) (i32.const 1))
            i32.const 0))
        """;

    private static async Task CallAsync(string model, int caller)
    {
        for (var call = 0; call < CallsOfEach; call++)
        {
            var session = call % 3 == 0 ? $"session-{caller}" : "";
            var decision = await Router(caller).Route(new() { Model = model, PromptTokens = 100 + 37 * call, OutputTokens = 20 + call, Session = session, RequestId = call % 2 == 0 ? $"r-{caller}-{call}" : "" });
            Assert.AreEqual(RouteStatus.Routed, decision.Status);
            if (call % 10 == 4 && decision.Targets.Count > 1) await Router(caller).Move(decision.DecisionId, decision.Targets[1].NodeId);
            await Router(caller).Report(new() { DecisionId = decision.DecisionId, Status = call % 20 == 7 ? OutcomeStatus.Error : OutcomeStatus.Success, TtftMs = 1, LatencyMs = 2, PromptTokens = 100 + 37 * call, OutputTokens = 20 + call });
        }
    }

    private static (DecisionReplay Replay, int Ours, int Ended) Replay(params string[] models) => Replay(null, models, all: true);

    private static (DecisionReplay Replay, int Ours, int Ended) Replay(HostedStrategyFactory? plugins, string[] models, bool all = false)
    {
        var (replay, reader) = (new DecisionReplay(), new RecordingReader(plugins));
        var counting = new Counting(replay, models, all);
        foreach (var file in Directory.CreateDirectory(RecordingPath).EnumerateFiles().Select(static f => f.FullName).Order(StringComparer.Ordinal)) reader.Read(File.ReadAllBytes(file), counting);
        return (replay, counting.Ours, counting.Ended);
    }

    private sealed class Counting(DecisionReplay inner, string[] models, bool all) : IRecordingVisitor
    {
        private readonly HashSet<long> _numbers = [];

        public int Ours { get; private set; }

        public int Ended { get; private set; }

        void IRecordingVisitor.Decided(in RecordedDecision decision)
        {
            // Numbers begin anew with each recording.
            if (decision.Number == 0) _numbers.Clear();
            if (models.Contains(decision.Request.Model) && decision.Result.Outcome == DecisionOutcome.Routed)
            {
                Ours++;
                _numbers.Add(decision.Number);
                if (!all) inner.Decided(decision);
            }
            if (all) inner.Decided(decision);
        }

        void IRecordingVisitor.Sent(IRoutingStrategy strategy, in RankingInput input, int target) => inner.Sent(strategy, input, target);

        void IRecordingVisitor.Learned(IRoutingStrategy strategy, in Outcome outcome) => inner.Learned(strategy, outcome);

        void IRecordingVisitor.Ended(in RecordedEnd end)
        {
            if (_numbers.Remove(end.Decision)) Ended++;
        }
    }
}
