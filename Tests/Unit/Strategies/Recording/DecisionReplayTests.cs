using InferMesh.Strategies;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Simulator;

namespace InferMesh.Tests.Unit.Strategies.Recording;

/// <summary>What the kernel decided in a mesh, it decides again from the recording, bit for bit.</summary>
[TestClass]
public sealed class DecisionReplayTests
{
    public static IEnumerable<object[]> Strategies => StrategyCatalog.All.Select(static s => new object[] { s.Name });

    [TestMethod, DynamicData(nameof(Strategies))]
    public void Replay_EveryStrategyOfTheCatalogue_IsIdentical(string strategy)
    {
        // Nodes break, so that there are hedges, retries, silent targets and answers that never came; several routers with counters of their own.
        var config = SimConfigs.Continuous(0.9, 12, strategy) with
        {
            Failures = new() { MeanTimeBetweenS = 20, MeanRepairS = 2 },
            Routers = new() { Count = 2 },
            Workload = new() { Arrival = new() { Rho = 0.9 }, Sessions = new() { Groups = 20, UsersPerGroup = 2, SystemTokens = 500, MeanTurns = 3, ThinkTimeS = 1 } },
        };
        var replay = new DecisionReplay();
        var decisions = Recordings.Read(Recordings.Of(config), replay);
        Assert.IsGreaterThan(100, decisions);
        Assert.AreEqual(decisions, replay.Replayed, strategy);
        Assert.IsEmpty(replay.Differences, string.Join("\n", replay.Differences));
        Assert.AreEqual(decisions, replay.Identical);
    }

    [TestMethod]
    public void Replay_LargeFleetAndTwoPartsOfTheWork_IsIdentical()
    {
        var config = SimConfigs.Small(80, 3, "hybrid_mesh");
        var replay = new DecisionReplay();
        var decisions = Recordings.Read(Recordings.Of(config), replay);
        Assert.IsGreaterThan(500, decisions);
        Assert.AreEqual(decisions, replay.Identical, string.Join("\n", replay.Differences));

        var parted = SimConfigs.Continuous(0.5, 10, "mesh");
        replay = new DecisionReplay();
        decisions = Recordings.Read(Recordings.Of(parted with { Service = parted.Service with { PrefillShare = 0.5 } }), replay);
        Assert.IsGreaterThan(100, decisions);
        Assert.AreEqual(decisions, replay.Identical, string.Join("\n", replay.Differences));
    }

    [TestMethod]
    public void Replay_StrategyThatListensToEngines_SaysThatItCannot()
    {
        var config = SimConfigs.Continuous(0.5, 5) with
        {
            Strategies = [new("prefix_mesh", new Dictionary<string, double> { ["precise"] = 1 })],
            Workload = new() { Arrival = new() { Rps = 20 }, Sessions = new() { Groups = 5, UsersPerGroup = 2, SystemTokens = 500 } },
        };
        var replay = new DecisionReplay();
        var decisions = Recordings.Read(Recordings.Of(config), replay);
        Assert.AreEqual(0, replay.Replayed);
        Assert.AreEqual(decisions, replay.Skipped(Replayable.KvEvents));
    }

    [TestMethod]
    public void Comparison_WithItself_SeesNoDifferenceAndWithAnotherSeesSome()
    {
        var files = Recordings.Of(SimConfigs.Continuous(0.7, 10, "hybrid_mesh"));
        var same = new DecisionComparison(static () => StrategyCatalog.Create("hybrid_mesh"));
        var decisions = Recordings.Read(files, same);
        Assert.AreEqual(decisions, same.Compared + same.Refused);
        Assert.AreEqual(same.Compared, same.SameFirst);
        Assert.AreEqual(0, same.RegretSeconds);

        var other = new DecisionComparison(static () => StrategyCatalog.Create("baseline_rr"));
        Recordings.Read(files, other);
        Assert.IsLessThan(other.Compared, other.SameFirst);
        Assert.IsLessThan(0.0, other.RegretSeconds, "Turns are dearer than expected time.");
        Assert.AreEqual(other.Compared - other.SameFirst, other.Cheaper.Decisions + other.Dearer.Decisions + other.SameCost);
        Assert.AreEqual(other.Compared, other.Picks.Values.Sum(static p => p.Recorded));
        Assert.AreEqual(other.Compared, other.Picks.Values.Sum(static p => p.Other));
    }

    [TestMethod]
    public void Comparison_EqualIdleNodes_AreNotCheaper()
    {
        var config = SimConfigs.Small(4, 5, "baseline_rr");
        var files = Recordings.Of(config with { Workload = new() { Arrival = new() { Rps = 20 } }, Topology = config.Topology with { Cells = 1 } });
        var other = new DecisionComparison(static () => StrategyCatalog.Create("mesh"));
        Recordings.Read(files, other);
        Assert.IsGreaterThan(10, other.SameCost);
        Assert.AreEqual(other.Compared - other.SameFirst, other.Cheaper.Decisions + other.Dearer.Decisions + other.SameCost);
    }

    [TestMethod]
    public void Comparison_WithWhatTheRecordingLacks_SaysSo()
    {
        var config = SimConfigs.Continuous(0.5, 5) with { Workload = new() { Arrival = new() { Rps = 20 }, Sessions = new() { Groups = 5, UsersPerGroup = 2, SystemTokens = 500 } } };
        var plain = new DecisionComparison(static () => StrategyCatalog.Create("prefix_mesh"));
        Recordings.Read(Recordings.Of(config with { Strategies = [new("mesh")] }), plain);
        Assert.AreEqual((true, false), (plain.LacksPrefixes, plain.LacksOutcomes));
        var whole = new DecisionComparison(static () => StrategyCatalog.Create("prefix_mesh"));
        Recordings.Read(Recordings.Of(config with { Strategies = [new("prefix_mesh")] }), whole);
        Assert.AreEqual((false, false), (whole.LacksPrefixes, whole.LacksOutcomes));

        // As a sample has it: decisions alone.
        var sink = new MemorySink();
        var (recorder, table) = (new DecisionRecorder(sink, new(7, Tables.NowTicks)), Tables.Table(Tables.Equal(4)));
        recorder.Decided(table, Tables.Request(), DecisionKernel.Decide(table, Tables.Request(), Tables.NowTicks, 0, 0), Tables.NowTicks, 0, 0);
        recorder.Flush();
        var learning = new DecisionComparison(static () => StrategyCatalog.Create("hybrid_mesh"));
        Recordings.Read(sink.Files, learning);
        Assert.AreEqual((false, true), (learning.LacksPrefixes, learning.LacksOutcomes));
    }

    [TestMethod]
    public void Replay_ChangedRecord_IsFoundWithBothAccounts()
    {
        var files = Recordings.Of(SimConfigs.Small(4, 1, "mesh"));
        var replay = new DecisionReplay(differencesKept: 2);
        Recordings.Read(files, new Tampering(replay));
        Assert.AreEqual(2, replay.Differences.Count);
        Assert.IsGreaterThan(2, replay.Replayed - replay.Identical);
        Assert.AreNotEqual(replay.Differences[0].Recorded, replay.Differences[0].Replayed);
        StringAssert.Contains(replay.Differences[0].Recorded, " ", "A node and its score.");
    }

    /// <summary>Asks for another moment than was recorded.</summary>
    private sealed class Tampering(DecisionReplay inner) : IRecordingVisitor
    {
        public void Decided(in RecordedDecision d) => inner.Decided(new()
        {
            Number = d.Number,
            NowTicks = d.NowTicks + TimeSpan.TicksPerSecond,
            Targets = d.Targets,
            Request = d.Request,
            Policy = d.Policy,
            Sequence = d.Sequence,
            Seed = d.Seed,
            Result = d.Result,
            Picks = d.Picks,
        });

        public void Sent(IRoutingStrategy strategy, in RankingInput input, int target) => ((IRecordingVisitor)inner).Sent(strategy, input, target);
    }
}
