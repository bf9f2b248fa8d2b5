using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Grains.Cells;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Grains.Routing;

[TestClass]
public sealed class RoutingTableBuilderTests
{
    private readonly ManualTime _time = new();
    private readonly RoutingTableCache _cache = new();
    private readonly RoutingTableBuilder _builder;

    public RoutingTableBuilderTests() => _builder = new(_cache, new(), new(new(), _time, NullLogger<ExperimentTableBuilder>.Instance), _time, new Fixed<HealthSettings>(new() { OfflineAfter = TimeSpan.FromSeconds(10) }), NullLogger<RoutingTableBuilder>.Instance);

    [TestMethod]
    public void Build_Nothing_IsAnEmptyTableWithAVersion()
    {
        Assert.AreEqual(1, _builder.Build(1).Table.Version);
        var view = _builder.Build(1);
        Assert.AreEqual((2L, 0, 0, 0), (view.Table.Version, view.Table.Models.Count, view.Nodes, view.ReadyNodes));
    }

    [TestMethod]
    public void Build_TwoCells_JoinsTheTargetsOfAModel()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a", running: 3)));
        _builder.Take(Cell("c2", Fleet.Summary("b", cell: "c2")));
        var view = _builder.Build(1);
        var targets = view.Table.Models["m"];
        CollectionAssert.AreEqual(new[] { "a", "b" }, targets.Identity.Select(i => i.NodeId).ToArray());
        Assert.AreEqual((2, 2), (view.Nodes, view.ReadyNodes));
        Assert.AreEqual((3.0, 1.0, 0.002), (targets.Running[0], targets.Waiting[0], targets.RttSeconds[0]));
        Assert.AreEqual(("z1", true, "http://a"), (targets.Identity[0].FailureDomain, targets.Identity[0].Synthetic, targets.Identity[0].Endpoint));
    }

    [TestMethod]
    public void Build_NetworkOfTheNodes_IsPricedFromEachApi()
    {
        var far = Fleet.Summary("a") with { Network = new() { Coordinate = new([30, 40], 1, 0.1), Rtts = [new("api-1", 4)] } };
        _builder.Take(Cell("c1", far with { Registration = far.Registration with { Labels = new Dictionary<string, string> { ["rack"] = "r7" } } }, Fleet.Summary("b")));
        var targets = _builder.Build(1).Table.Models["m"];
        Assert.AreEqual(("r7", ""), (targets.Identity[0].Rack, targets.Identity[1].Rack));
        CollectionAssert.AreEqual(new[] { 0.004, 0.002 }, Network(new() { Name = "api-1" }), "measured, and what the agent says");
        CollectionAssert.AreEqual(new[] { 0.052, 0.002 }, Network(new() { Name = "api-2", Coordinate = new([0, 0], 1, 0.1) }), "from coordinates");
        CollectionAssert.AreEqual(new[] { 0.002, 0.002 }, Network(null));

        double[] Network(ApiPlace? api)
        {
            var input = new RankingInput(targets, RouteMapping.ToRequest(new() { Model = "m", OriginZone = "z1", Api = api }), new FilterReason[2], Fleet.Start.UtcTicks, 0, 0);
            return [Math.Round(new CostModel().Price(input, 0).NetworkSeconds, 6), Math.Round(new CostModel().Price(input, 1).NetworkSeconds, 6)];
        }
    }

    [TestMethod]
    [DataRow("rack7", "z1", "rack7")]
    [DataRow("", "z1", "z1")]
    [DataRow("", "", "a")]
    public void Build_FailureDomain_IsTheMostSpecificThatIsKnown(string domain, string zone, string expected)
    {
        var summary = Fleet.Summary("a");
        _builder.Take(Cell("c1", summary with { Registration = summary.Registration with { FailureDomain = domain, Zone = zone } }));
        Assert.AreEqual(expected, _builder.Build(1).Table.Models["m"].Identity[0].FailureDomain);
    }

    [TestMethod]
    public void Build_Health_BecomesStanding()
    {
        _builder.Take(Cell("c1",
            Fleet.Summary("a"), Fleet.Summary("b") with { Cordoned = true }, Fleet.Summary("c") with { Draining = true },
            Fleet.Summary("d", at: Fleet.Start.AddSeconds(-5)), Fleet.Summary("e", at: Fleet.Start.AddSeconds(-50)),
            Fleet.Summary("f") with { Runtimes = [Fleet.Runtime("f", healthy: false)] }));
        CollectionAssert.AreEqual(
            new[] { FilterReason.None, FilterReason.NodeCordoned, FilterReason.NodeDraining, FilterReason.NodeSuspect, FilterReason.NodeOffline, FilterReason.RuntimeUnhealthy },
            _builder.Build(1).Table.Models["m"].Standing);
    }

    [TestMethod]
    public void Build_ModelNotResidentNorLoadable_IsNoTarget()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a") with { Runtimes = [new() { Runtime = "vllm", Endpoint = "e", Healthy = true, Models = [new() { Model = "cold", Loaded = false }, new() { Model = "loadable", Loaded = false, ColdStartSeconds = 30 }] }] }));
        var table = _builder.Build(1).Table;
        Assert.IsFalse(table.Models.ContainsKey("cold"));
        Assert.AreEqual(30, table.Models["loadable"].ColdStartSeconds[0]);
    }

    [TestMethod]
    public void Build_NodeKnownAgainWithoutReadings_KeepsItsLastUntilItsCellGivesItUp()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a", running: 9)));
        _builder.Build(1);
        _builder.Take(Cell("c1", Fleet.Bare("a")));
        var moved = _builder.Build(1).Table.Models["m"];
        Assert.AreEqual((FilterReason.None, 9.0), (moved.Standing[0], moved.Running[0]));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.AreEqual(FilterReason.NodeSuspect, _builder.Build(1).Table.Models["m"].Standing[0]);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.AreEqual(FilterReason.NodeSuspect, _builder.Build(1).Table.Models["m"].Standing[0], "its grain has not waited for long");
        _builder.Take(Cell("c1", Fleet.Start.AddSeconds(60), Fleet.Bare("a")));
        Assert.AreEqual(FilterReason.NodeOffline, _builder.Build(1).Table.Models["m"].Standing[0]);
    }

    [TestMethod]
    public void Build_SilentNodeThatAnswers_IsNotSuspectUntilItStopsAnswering()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a")));
        _builder.Build(1);
        _builder.Take(Cell("c1", Fleet.Bare("a")));
        _time.Advance(TimeSpan.FromSeconds(4));
        _cache.Load("a", "http://a", "m").Answered(_time.GetUtcNow().UtcTicks);
        Assert.AreEqual(FilterReason.None, _builder.Build(1).Table.Models["m"].Standing[0]);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.AreEqual(FilterReason.NodeSuspect, _builder.Build(1).Table.Models["m"].Standing[0]);
        _time.Advance(TimeSpan.FromSeconds(60));
        _builder.Take(Cell("c1", Fleet.Start.AddSeconds(60), Fleet.Bare("a")));
        Assert.AreEqual(FilterReason.NodeOffline, _builder.Build(1).Table.Models["m"].Standing[0]);
        _cache.Load("a", "http://a", "m").Answered(_time.GetUtcNow().UtcTicks);
        Assert.AreEqual(FilterReason.None, _builder.Build(1).Table.Models["m"].Standing[0]);
    }

    [TestMethod]
    public void Build_NodeGone_ForgetsItsReadings()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a")));
        _builder.Build(1);
        _builder.Take(Cell("c1"));
        Assert.IsEmpty(_builder.Build(1).Table.Models);
        _builder.Take(Cell("c1", Fleet.Bare("a")));
        Assert.IsEmpty(_builder.Build(1).Table.Models);
    }

    [TestMethod]
    public void Build_CellDropped_LosesItsTargets()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a")));
        _builder.Drop("c1");
        Assert.AreEqual(0, _builder.Build(1).Nodes);
    }

    [TestMethod]
    public void Build_NodeInTwoCells_IsOneTarget()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a")));
        _builder.Take(Cell("c2", Fleet.Summary("a", version: 2, cell: "c2")));
        var view = _builder.Build(1);
        Assert.AreEqual((1, 1), (view.Nodes, view.Table.Models["m"].Count));
    }

    [TestMethod]
    public void Build_Counters_OutliveTables()
    {
        _builder.Take(Cell("c1", Fleet.Summary("a")));
        var before = _builder.Build(1).Table.Models["m"].Local[0];
        before.Dispatch(_time.GetUtcNow().UtcTicks, 0);
        Assert.AreSame(before, _builder.Build(1).Table.Models["m"].Local[0]);
    }

    [TestMethod]
    public void Build_PolicyThatDoesNotCompile_KeepsItsLastGoodVersion()
    {
        _builder.Take([Routing(1, "least_queue")]);
        Assert.AreEqual("least_queue", Strategy());
        _builder.Take([Routing(2, "from_the_future")]);
        Assert.AreEqual("least_queue", Strategy());
        _builder.Take([Routing(3, "heuristic")]);
        Assert.AreEqual("heuristic", Strategy());
        _builder.Take(Array.Empty<Policy>());
        Assert.AreEqual("mesh", Strategy());

        string Strategy() => _builder.Build(1).Table.Policies.Resolve("m", "", "").Strategy.Name;
    }

    [TestMethod]
    public void Build_Endpoints_RouteTheirOwnRequestsAndKeepTheirStrategies()
    {
        _builder.Take([Routing(1, "least_queue")]);
        _builder.TakeEndpoints([Endpoint(1, "heuristic")]);
        Assert.AreEqual(("heuristic", "least_queue", "least_queue"), (Strategy("chat").Name, Strategy("").Name, Strategy("other").Name));
        Assert.AreSame(Strategy("chat"), Strategy("chat"), "what it has learned lives on over tables");
        _builder.TakeEndpoints([Endpoint(2, "from_the_future")]);
        Assert.AreEqual("heuristic", Strategy("chat").Name);
        _builder.TakeEndpoints([Endpoint(3, null)]);
        Assert.AreEqual("least_queue", Strategy("chat").Name);
        _builder.TakeEndpoints([]);
        Assert.AreEqual("least_queue", Strategy("chat").Name);

        IRoutingStrategy Strategy(string endpoint) => _builder.Build(1).Table.Policies.Resolve("m", "", "", endpoint).Strategy;
        static MeshEndpoint Endpoint(long version, string? strategy) =>
            new() { Name = "chat", Version = version, Spec = new() { Models = [new("m")], Routing = strategy is null ? null : new() { Strategy = strategy } } };
    }

    [TestMethod]
    public void Build_TenantsHome_IsWhereItsRequestsStayAndNowhereUntilItIsKnown()
    {
        var far = Fleet.Summary("b");
        _builder.Take(Cell("c1", Fleet.Summary("a"), far with { Registration = far.Registration with { Zone = "z9" } }));
        CollectionAssert.AreEqual(new[] { FilterReason.TenantPlacement, FilterReason.TenantPlacement }, Excluded("acme"));
        Assert.IsEmpty(Excluded(""));
        _builder.TakeTenants([new("acme", 1, new() { Zones = ["z9"] })]);
        CollectionAssert.AreEqual(new[] { FilterReason.TenantPlacement }, Excluded("acme"));
        Assert.IsEmpty(Excluded("other"));
        _builder.TakeTenants([]);
        Assert.IsEmpty(Excluded("acme"));

        FilterReason[] Excluded(string tenant)
        {
            var request = RouteMapping.ToRequest(new() { Model = "m", Tenant = tenant });
            return [.. DecisionKernel.Decide(_builder.Build(1).Table, request, Fleet.Start.UtcTicks, 0, 0, explain: true).Excluded.Select(e => e.Reason)];
        }
    }

    private static Policy Routing(long version, string strategy) =>
        new() { Name = "p", Version = version, Spec = new() { Kind = PolicyKind.Routing, Routing = new() { Strategy = strategy } } };

    private static CellSnapshot Cell(string id, params NodeSummary[] nodes) => Cell(id, Fleet.Start, nodes);

    private static CellSnapshot Cell(string id, DateTimeOffset judged, params NodeSummary[] nodes)
    {
        var members = new CellMembers();
        foreach (var node in nodes) members.Take(node, Fleet.Start);
        members.Judge(judged, new(), 0.3);
        return members.Snapshot(id, 1, 1, Fleet.Start);
    }
}
