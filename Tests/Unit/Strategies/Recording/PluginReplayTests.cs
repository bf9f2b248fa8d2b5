using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using InferMesh.Strategies.Training;
using InferMesh.Tests.Unit.Architecture;
using InferMesh.Tests.Unit.Simulator;
using InferMesh.Tests.Unit.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Strategies.Recording;

/// <summary>Decisions of plugins are made again by the package with the recorded digest; those that a fallback made, by the fallback.</summary>
[TestClass]
public sealed class PluginReplayTests
{
    // Session and seed point at one of five.
    private const string OfSessionAndSeed = "i32.wrap_i64 (i64.rem_u (i64.add (i64.load offset=48 (local.get $request)) (i64.load offset=8 (local.get $request))) (i64.const 5))";

    [TestMethod]
    [DataRow("c")]
    [DataRow("dotnet")]
    public void Replay_WithThePlugin_IsIdentical_AndWithoutItNamesIt(string kind)
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, kind == "c" ? Packages.Hybrid("hybrid_mesh_c.wasm") : Packages.HybridDotNet());
        var config = SimConfigs.Continuous(0.9, 8) with { Failures = new() { MeanTimeBetweenS = 20, MeanRepairS = 2 }, Routers = new() { Count = 2 } };
        var files = Record(config, plugin);

        var replay = new DecisionReplay();
        var decisions = Recordings.Read(files, replay, Of(plugin));
        Assert.IsGreaterThan(100, decisions);
        Assert.AreEqual((decisions, decisions), (replay.Replayed, replay.Identical), string.Join("\n", replay.Differences));
        Assert.IsEmpty(replay.Missing);
        Assert.IsEmpty(replay.Fallbacks);

        replay = new();
        Recordings.Read(files, replay);
        Assert.AreEqual((0L, decisions), (replay.Replayed, replay.Skipped(Replayable.Plugin)));
        Assert.AreEqual(KeyValuePair.Create(plugin.Package, decisions), replay.Missing.Single());
    }

    [TestMethod]
    public void Replay_DecisionsOfTheFallback_AreMadeAgainByIt_WithTheirReason()
    {
        using var host = Packages.Host(Packages.Patient with { Breaker = new(MinFailures: int.MaxValue) });
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.TrapsForEveryFourthSeed(OfSessionAndSeed)));
        var files = Kernel(plugin.CreateRouting(null, StrategyCatalog.Create("hybrid_mesh")), 400);

        var seen = new Reasons(new());
        Assert.AreEqual(400, Recordings.Read(files, seen, Of(plugin)));
        Assert.AreEqual((400L, 400L), (seen.Replay.Replayed, seen.Replay.Identical), string.Join("\n", seen.Replay.Differences));
        Assert.AreEqual(KeyValuePair.Create("trap", 100L), seen.Replay.Fallbacks.Single());
        Assert.AreEqual((100, plugin.Package), (seen.Of["trap"], seen.Plugin));

        // The fallback alone is enough for its own.
        seen = new(new());
        Recordings.Read(files, seen);
        Assert.AreEqual((100L, 100L, 300L), (seen.Replay.Replayed, seen.Replay.Identical, seen.Replay.Skipped(Replayable.Plugin)), string.Join("\n", seen.Replay.Differences));
        Assert.AreEqual(300, seen.Replay.Missing[plugin.Package]);
    }

    [TestMethod]
    public void Replay_OfAPluginThatWasLateAndLeftAlone_TakesTermsOfWhoeverRanked()
    {
        // What is planned by the terms, affinity and hedge, is the fallback's where it ranked, whatever the plugin would have said.
        var made = new Guest(static seed => (seed & 3) switch { 0 => PluginFailure.Timeout, 1 => PluginFailure.Busy, _ => PluginFailure.None });
        var guard = new PluginGuard("g@1.0.0", Packages.Patient with { Breaker = new(MinFailures: 50) }, TimeProvider.System);
        var files = Kernel(Hosted(made, guard), 400);
        Assert.IsGreaterThan(0, guard.Failures(PluginFailure.BreakerOpen));

        var replay = new DecisionReplay();
        var well = new PluginGuard("g@1.0.0", Packages.Patient, TimeProvider.System);
        Recordings.Read(files, replay, (_, _, fallback) => Hosted(new(static _ => PluginFailure.None), well, fallback));
        Assert.AreEqual((400L, 400L), (replay.Replayed, replay.Identical), string.Join("\n", replay.Differences));
        Assert.AreEqual(guard.Failures(PluginFailure.BreakerOpen), replay.Fallbacks["breaker_open"]);
        Assert.AreEqual(guard.Failures(PluginFailure.Timeout), replay.Fallbacks["timeout"]);
        Assert.AreEqual(guard.Failures(PluginFailure.Busy), replay.Fallbacks["busy"]);
    }

    [TestMethod]
    public void Replay_PluginThatDoesNotAnswerNow_IsADifferenceEvenWhereThePicksAreTheSame()
    {
        var files = Kernel(Hosted(new(static _ => PluginFailure.None), Guard(), new Guest.First()), 50);
        var replay = new DecisionReplay();
        Recordings.Read(files, replay, (_, _, _) => Hosted(new(static _ => PluginFailure.Trap), Guard(), new Guest.First()));
        Assert.AreEqual((50L, 0L), (replay.Replayed, replay.Identical));
        Assert.Contains("by the plugin's fallback (trap)", replay.Differences[0].Replayed);

        static PluginGuard Guard() => new("g@1.0.0", Packages.Patient with { Breaker = new(MinFailures: int.MaxValue) }, TimeProvider.System);
    }

    [TestMethod]
    public void Replay_SampleOrGap_FollowsWhatDoesNotLearn()
    {
        using var host = Packages.Host();
        using var simple = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick())));
        using var learns = Packages.Load(host, Packages.Hybrid("hybrid_mesh_c.wasm"));
        foreach (var (plugin, followed) in new[] { (simple, 100L), (learns, 0L) })
        {
            var files = Kernel(plugin.CreateRouting(null, StrategyCatalog.Create("hybrid_mesh")), 100, complete: false);
            var replay = new DecisionReplay();
            Recordings.Read(files, replay, Of(plugin));
            Assert.AreEqual((followed, followed, 100 - followed), (replay.Replayed, replay.Identical, replay.Skipped(Replayable.MemoryUnknown)));
        }
    }

    [TestMethod]
    public void Replay_FirstFileMissing_DoesNotFollowWhatLearns()
    {
        var files = Kernel(StrategyCatalog.Create("hybrid_mesh"), 800);
        Assert.IsGreaterThan(1, files.Count);
        var replay = new DecisionReplay();
        var decisions = Recordings.Read(files.Skip(1), replay);
        Assert.AreEqual((0L, decisions), (replay.Replayed, replay.Skipped(Replayable.MemoryUnknown)));
    }

    [TestMethod]
    public void Read_FilesOfVersionOne_AreReplayedAsFarAsTheySayWhatMadeThem()
    {
        var folder = Path.Combine(Repository.Root, "Tests", "Unit", "Strategies", "Recording", "version-1");
        var replay = new DecisionReplay();
        Assert.AreEqual(22, Recordings.Read([File.ReadAllBytes(Path.Combine(folder, "hybrid_mesh.imdr"))], replay));
        Assert.AreEqual(22, replay.Identical, string.Join("\n", replay.Differences));

        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Packages.Hybrid("hybrid_mesh_c.wasm"));
        replay = new();
        Assert.AreEqual(22, Recordings.Read([File.ReadAllBytes(Path.Combine(folder, "plugin.imdr"))], replay, Of(plugin)));
        Assert.AreEqual((0L, 22L), (replay.Replayed, replay.Skipped(Replayable.Plugin)));
        Assert.IsEmpty(replay.Missing, "It does not say which.");
    }

    private static HostedStrategyFactory Of(LoadedPlugin plugin) => (which, parameters, fallback) => which.Digest == plugin.Package.Digest ? plugin.CreateRouting(parameters, fallback) : null;

    private static HostedRouting Hosted(Guest guest, PluginGuard guard, IRoutingStrategy? fallback = null) =>
        new(new("g", "1.0.0", "d"), new Dictionary<string, double>(), guest, fallback ?? StrategyCatalog.Create("least_queue"), guard);

    private static IReadOnlyList<byte[]> Record(SimConfig config, LoadedPlugin plugin)
    {
        var sink = new MemorySink();
        SimulationRunner.Run(config with { Strategies = [new(plugin.Package.Name)] }, new() { Threads = 1, Record = (_, _, _) => sink, Strategies = new Source(plugin) });
        return sink.Files;
    }

    /// <summary>Decides as a silo does, with sessions and hedges, and tells the strategy what came of it.</summary>
    private static IReadOnlyList<byte[]> Kernel(IRoutingStrategy strategy, int count, bool complete = true)
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, new(7, Tables.NowTicks) { BlockBytes = 4096, FileBytes = 64 << 10, Complete = complete });
        var targets = new TargetSet(Tables.Model, Tables.Equal(5).Select(static (r, i) => r with { Running = 7 * i % 5, PrefillTokensPerSecond = 4000 + 2000 * i }));
        var table = new RoutingTable(1, [targets], new([Tables.Rule("plugin") with { Strategy = strategy, Hedging = HedgeSettings.Default with { Enabled = true } }]));
        for (var i = 0; i < count; i++)
        {
            var now = Tables.NowTicks + i * TimeSpan.TicksPerMillisecond;
            var request = Tables.Request() with { PromptTokens = 100 + 37 * i % 4000, Session = i % 3 == 0 ? $"session-{i % 7}" : "" };
            var decision = DecisionKernel.Decide(table, request, now, (ulong)i, (ulong)i);
            recorder.Decided(table, request, decision, now, (ulong)i, (ulong)i);
            if (!complete) continue;
            var on = decision.Choices[0].Identity;
            recorder.Sent(strategy, targets, request, on, now);
            (strategy as ILearningStrategy)?.Dispatched(targets, request, on, now);
            var outcome = new Outcome(on, request.PromptTokens, 50, 1, 2, 0.05 + i % 5 * 0.02, 1, i % 9 != 0, now, default) { Model = Tables.Model };
            recorder.Learned(strategy, outcome);
            (strategy as ILearningStrategy)?.Completed(outcome);
        }
        recorder.Flush();
        return sink.Files;
    }

    private sealed class Source(LoadedPlugin plugin) : IStrategySource
    {
        public IReadOnlyList<StrategyDescription> Routing => [plugin.Description];

        public IReadOnlyList<StrategyDescription> Training => [];

        public IRoutingStrategy CreateRouting(string name, IReadOnlyDictionary<string, double>? parameters, IRoutingStrategy fallback, Action<string?> asked) => plugin.CreateRouting(parameters, fallback);

        public ITrainingStrategy CreateTraining(string name, ITrainingStrategy fallback, Action<string?> asked) => throw new InvalidOperationException();
    }

    private sealed class Reasons(DecisionReplay replay) : IRecordingVisitor
    {
        public DecisionReplay Replay { get; } = replay;

        public Dictionary<string, int> Of { get; } = [];

        public PluginIdentity? Plugin { get; private set; }

        public void Decided(in RecordedDecision decision)
        {
            Plugin = decision.Plugin;
            if (decision.Fallback is { } why) Of[why] = Of.GetValueOrDefault(why) + 1;
            Replay.Decided(decision);
        }

        public void Sent(IRoutingStrategy strategy, in RankingInput input, int target) => Replay.Sent(strategy, input, target);

        public void Learned(IRoutingStrategy strategy, in Outcome outcome) => Replay.Learned(strategy, outcome);
    }

    /// <summary>Ranks by number, explains by terms of its own, and fails for the seeds that it is told to fail for.</summary>
    private sealed class Guest(Func<ulong, PluginFailure> failure) : IRoutingGuest
    {
        public bool WantsPrefix => false;

        public bool Learns => false;

        public PluginFailure Rank(in RankingInput input, Span<RankedTarget> best, out int count)
        {
            count = new First().Rank(input, best);
            return failure(input.Seed);
        }

        public CostTerms? Explain(in RankingInput input, int target) => new First().Explain(input, target);

        public void Dispatched(in RankingInput input, int target)
        {
        }

        public void Completed(in Outcome outcome)
        {
        }

        public sealed class First : IRoutingStrategy
        {
            public string Name => "first";

            public int Rank(in RankingInput input, Span<RankedTarget> best)
            {
                for (var i = 0; i < best.Length; i++) best[i] = new(i, i);
                return best.Length;
            }

            public CostTerms Explain(in RankingInput input, int target) => new(0.1 * target, 0.05, 0, 0, 0, 0, 0);
        }
    }
}
