using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Cells;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Routing;

/// <summary>Real strategies behind the live router's own parts: tables, reservations, feedback.</summary>
[TestClass]
public sealed class LiveLearningTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly RoutingTableCache _cache = new();
    private readonly RoutingTableBuilder _builder;
    private readonly ReservationLedger _ledger;
    private readonly Queue<long> _numbers = new();
    private ulong _sequence;

    public LiveLearningTests()
    {
        _builder = new(_cache, new(), new(new(), _time, NullLogger<ExperimentTableBuilder>.Instance), _time, new Fixed<HealthSettings>(new() { SuspectAfter = TimeSpan.FromHours(1), OfflineAfter = TimeSpan.FromHours(2) }), NullLogger<RoutingTableBuilder>.Instance);
        _ledger = new(new LocalSilo(), _time, Options.Create(new RoutingSettings()), new(_cache));
    }

    public static IEnumerable<object[]> Learning => StrategyCatalog.All.Where(s => StrategyCatalog.Create(s.Name) is ILearningStrategy).Select(s => new object[] { s.Name });

    public void Dispose() => _ledger.Dispose();

    [TestMethod]
    public void Build_SamePolicy_KeepsItsStrategy()
    {
        var first = Strategy(Policy(1, "hybrid_mesh"));
        Assert.AreSame(first, Strategy(Policy(1, "hybrid_mesh")));
        Assert.AreSame(first, Strategy(Policy(2, "hybrid_mesh", priority: 5)), "another version that ranks alike");
        Assert.AreSame(first, Strategy(Policy(3, "from_the_future")), "the last good version stays in force");
        var tuned = Strategy(Policy(4, "hybrid_mesh", ("tail_weight", 1)));
        Assert.AreNotSame(first, tuned);
        Assert.AreSame(tuned, Strategy(Policy(4, "hybrid_mesh", ("tail_weight", 1))));
        Assert.AreNotSame(tuned, Strategy(Policy(5, "hybrid_mesh", ("tail_weight", 2))));
        Strategy();
        Assert.AreNotSame(tuned, Strategy(Policy(6, "hybrid_mesh", ("tail_weight", 1))), "a policy that was gone starts anew");
    }

    [TestMethod]
    public void Build_TwoPolicies_ShareNothing()
    {
        var policies = new[] { Policy(1, "hybrid_mesh"), Policy(1, "hybrid_mesh") with { Name = "q" } };
        policies[1] = policies[1] with { Spec = policies[1].Spec with { Models = ["other"], Priority = 9 } };
        _builder.Take(policies);
        var set = _builder.Build(1).Table.Policies;
        Assert.AreNotSame(set.Resolve("m", "", "").Strategy, set.Resolve("other", "", "").Strategy);
    }

    [TestMethod]
    [DataRow("hybrid_mesh")]
    [DataRow("ml_enhanced_mesh")]
    public void Report_OneNodeAnswersThreeTimesLate_IsLearnedOverTables(string strategy)
    {
        Swap(strategy, "a", "b", "c");
        Serve(400, node => node == "b" ? 3 : 1);
        var before = Ranked();
        Assert.AreEqual("b", before[^1].Node);
        // Telemetry goes on: tables come and go, a node leaves, another one joins.
        for (var i = 0; i < 200; i++) Swap(strategy, i % 2 == 0 ? ["a", "b", "c", "d"] : ["b", "c"]);
        Swap(strategy, "a", "b", "c");
        var after = Ranked();
        Assert.AreEqual(before.Single(r => r.Node == "b").Decode, after.Single(r => r.Node == "b").Decode, 1e-9);
        Assert.AreEqual("b", after[^1].Node);
        Swap("mesh", "a", "b", "c");
        Assert.AreEqual(1, Ranked().Select(r => Math.Round(r.Decode, 9)).Distinct().Count());
        Swap(strategy, "a", "b", "c");
        Assert.AreEqual(1, Ranked().Select(r => Math.Round(r.Decode, 9)).Distinct().Count(), "a new strategy knows nothing yet");
    }

    [TestMethod]
    public void Prefix_PromptsOfASession_GoWhereTheyWereOverTables()
    {
        Swap("prefix_mesh", "a", "b", "c", "d");
        Assert.IsTrue(_cache.Current.Table.Policies.WantsPrefix("m"));
        ulong[] prompt = [.. Enumerable.Range(1, 60).Select(i => (ulong)i * 0x9E3779B97F4A7C15UL)];
        var home = Route(prompt).Choices[0].Identity.NodeId;
        for (var turn = 0; turn < 20; turn++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            _ledger.Settle(_numbers.Dequeue());
            _time.Advance(TimeSpan.FromSeconds(2));
            Swap("prefix_mesh", "a", "b", "c", "d");
            Assert.AreEqual(home, Route([.. prompt, .. Enumerable.Range(0, turn).Select(i => (ulong)i + 77)]).Choices[0].Identity.NodeId);
        }
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public async Task Threads_DecidingReportingAndSwapping_BreakNothing(string strategy)
    {
        Swap(strategy, "a", "b", "c", "d");
        using var stop = new CancellationTokenSource();
        var swapping = Task.Run(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++) Swap(strategy, i % 3 == 0 ? ["a", "b", "c"] : ["a", "b", "c", "d"]);
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var request = Request([(ulong)(i % 50), (ulong)(i % 7)]);
                var decision = DecisionKernel.Decide(_cache.Current.Table, request, _time.GetUtcNow().UtcTicks, (ulong)i, (ulong)(i * 4 + thread));
                Assert.AreEqual(DecisionOutcome.Routed, decision.Outcome);
                foreach (var choice in decision.Choices) Assert.IsTrue(double.IsFinite(choice.Terms.TotalSeconds));
                var number = Reserve(decision, request);
                if (i % 5 == 0 && decision.Choices.Count > 1) _ledger.Move(number, decision.Choices[1].Identity.NodeId);
                Assert.IsTrue(_ledger.Settle(number, new() { DecisionId = "", Status = (OutcomeStatus)(i % 5), TtftMs = 100 + i % 300, LatencyMs = 900, OutputTokens = 40 }));
            }
        })));
        await stop.CancelAsync();
        await swapping;
        Assert.AreEqual(0, _ledger.Open);
        Assert.IsTrue(_cache.Current.Table.Models["m"].Local.All(l => l.Requests == 0));
    }

    /// <summary>Sends requests that take what the cost model expects times the node's slowness.</summary>
    private void Serve(int requests, Func<string, double> slowness)
    {
        for (var i = 0; i < requests; i++)
        {
            var decision = Route([]);
            // Each node in turn, so that all are heard of.
            var choice = decision.Choices[i % decision.Choices.Count];
            var slow = slowness(choice.Identity.NodeId);
            var plain = 0.02 + 500 / 10_000.0;
            _time.Advance(TimeSpan.FromSeconds(6));
            Assert.IsTrue(_ledger.Settle(_numbers.Dequeue(), new()
            {
                DecisionId = "",
                NodeId = choice.Identity.NodeId,
                TtftMs = 1000 * slow * plain,
                LatencyMs = 1000 * slow * (plain + 1.5),
                OutputTokens = 100,
            }));
            // Beyond the slot in which a settled request may or may not be part of the reading.
            _time.Advance(TimeSpan.FromSeconds(1));
            Swap(_cache.Current.Table.Policies.Resolve("m", "", "").Strategy.Name, "a", "b", "c");
        }
    }

    private Decision Route(ulong[] prefix)
    {
        var request = Request(prefix);
        var decision = DecisionKernel.Decide(_cache.Current.Table, request, _time.GetUtcNow().UtcTicks, _sequence, _sequence++);
        Assert.AreEqual(DecisionOutcome.Routed, decision.Outcome);
        _numbers.Enqueue(Reserve(decision, request));
        return decision;
    }

    private long Reserve(Decision decision, RoutingRequest request)
    {
        Assert.IsTrue(ReservationLedger.TryParse(_ledger.Reserve(decision, request), out var number, out _));
        return number;
    }

    private (string Node, double Decode)[] Ranked()
    {
        var table = _cache.Current.Table;
        var decision = DecisionKernel.Decide(table, Request([]), _time.GetUtcNow().UtcTicks, 0, 0);
        return [.. decision.Choices.Select(c => (c.Identity.NodeId, c.Terms.DecodeSeconds))];
    }

    private void Swap(string strategy, params string[] nodes)
    {
        _builder.Take([Policy(1, strategy)]);
        var members = new CellMembers();
        foreach (var node in nodes) members.Take(Fleet.Summary(node, at: _time.GetUtcNow()), _time.GetUtcNow());
        members.Judge(_time.GetUtcNow(), new(), 0.3);
        _builder.Take(members.Snapshot("c1", 1, 1, _time.GetUtcNow()));
        _cache.Swap(_builder.Build(1));
    }

    private IRoutingStrategy Strategy(params Policy[] policies)
    {
        _builder.Take(policies);
        return _builder.Build(1).Table.Policies.Resolve("m", "", "").Strategy;
    }

    private static RoutingRequest Request(ulong[] prefix) => new() { Model = "m", PromptTokens = 500, OutputTokens = 100, Prefix = prefix };

    private static Policy Policy(long version, string strategy, params (string Name, double Value)[] parameters) => Policy(version, strategy, 0, parameters);

    private static Policy Policy(long version, string strategy, int priority, params (string Name, double Value)[] parameters) => new()
    {
        Name = "p",
        Version = version,
        Spec = new() { Kind = PolicyKind.Routing, Priority = priority, Routing = new() { Strategy = strategy, Parameters = parameters.ToDictionary(p => p.Name, p => p.Value) } },
    };
}
