using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using InferMesh.Strategies.Topology;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Topology;

[TestClass]
public sealed class NetworkPathTests
{
    private static readonly OriginPlace Api = new("api-a", At(0, 0), 1);

    [TestMethod]
    public void RttSeconds_Measured_GoesBeforeCoordinates()
    {
        var node = new NodePlace(At(30, 40), [new("api-b", 9), new("api-a", 7)]);
        Assert.AreEqual(0.007, NetworkPath.RttSeconds(Api, node, out var source), 1e-12);
        Assert.AreEqual(RttSource.Measured, source);
        Assert.AreEqual(0.052, NetworkPath.RttSeconds(Api, node with { Rtts = [new("api-a", 0), new("api-a", double.NaN)] }, out source), 1e-12, "50 apart, and a height of 1 on each side");
        Assert.AreEqual(RttSource.Coordinates, source);
    }

    [TestMethod]
    public void RttSeconds_CoordinatesThatSayLittle_AreLeftToTheLinkClass()
    {
        foreach (var node in new[] { At(3, 4, error: 0.51), At(3, 4, 5), null })
        {
            Assert.AreEqual(double.NaN, NetworkPath.RttSeconds(Api, new(node, []), out var source));
            Assert.AreEqual(RttSource.LinkClass, source);
        }
        Assert.AreEqual(double.NaN, NetworkPath.RttSeconds(Api with { Coordinate = null }, new(At(3, 4), []), out _));
    }

    [TestMethod]
    public void Price_FromAPlace_TakesItsOwnWay()
    {
        TargetRow[] rows = [Row("a") with { Place = new(At(0, 1), []) }, Row("b") with { Place = new(At(60, 80), [new("api-b", 2)]) }, Row("c")];
        var targets = new TargetSet(Model, rows);
        Assert.AreEqual(0.003, Network(targets, 0, Api), 1e-12);
        Assert.AreEqual(0.102, Network(targets, 1, Api), 1e-12);
        Assert.AreEqual(0.002, Network(targets, 1, new("api-b", null)), 1e-12, "measured");
        Assert.AreEqual(0.001, Network(targets, 2, Api), 1e-12, "nothing is known but what its agent says");
        Assert.AreEqual(0.001, Network(targets, 0, new("api-b", null)), 1e-12, "nor without a coordinate of the API");
        Assert.AreEqual(0.012, Network(targets, 0, Api with { Coordinate = At(0, 11), Version = 2 }), 1e-12, "it has moved");
        Assert.AreEqual(0.001, Network(targets, 0, null), 1e-12);
    }

    [TestMethod]
    public void Price_BytesFromAPlace_TakeTheRoomOfTheNodesPorts()
    {
        TargetRow[] rows = [Row("a") with { Place = new(At(0, 0), [], 1e6) }, Row("b") with { Place = new(At(0, 0), [], 1e15) }];
        var targets = new TargetSet(Model, rows);
        Assert.AreEqual(1.002, Network(targets, 0, Api, bytes: 1_000_000), 1e-9);
        Assert.AreEqual(0.002 + 1e6 / LinkClasses.Of(LinkClass.Zone).BytesPerSecond, Network(targets, 1, Api, bytes: 1_000_000), 1e-9);
    }

    [TestMethod]
    [DataRow("a", "region", 0.0)]
    [DataRow("b", "region", 1.0)]
    [DataRow("b", "elsewhere", 2.0)]
    public void Price_Bytes_CostWhatTheLinkCosts(string zone, string region, double cents)
    {
        var input = Input(new(Model, [Row("n") with { PricePerHour = 0 }]), Request() with { Origin = new(zone, region), PayloadBytes = 1_000_000_000 });
        Assert.AreEqual(100 * cents / 100, new CostModel { SecondsPerDollar = 100 }.Price(input, 0).MoneySeconds, 1e-9);
        Assert.AreEqual(0, new CostModel().Price(input, 0).MoneySeconds);
    }

    public static IEnumerable<object[]> All => Tables.Strategies;

    [TestMethod, DynamicData(nameof(All))]
    public void Pick_OfATrackedSetFromAPlace_EqualsAScan(string name)
    {
        var random = new Random(7);
        var rows = Enumerable.Range(0, 300).Select(i => Row($"n{i:000}") with { Running = random.Next(64), Place = i % 3 == 0 ? null : new(At(random.Next(100), random.Next(100)), []) }).ToArray();
        var (plain, tracked) = (new TargetSet(Model, rows), new TargetSet(Model, rows));
        tracked.Track();
        var policy = PolicySet.Defaults with { Strategy = StrategyCatalog.Create(name) };
        for (var i = 0; i < 20; i++)
        {
            var request = Request() with { Origin = new("a", "region", Place: new("api", At(5 * i, 5 * i), i)) };
            CollectionAssert.AreEqual(Picks(plain, request), Picks(tracked, request), $"from {5 * i}");
        }

        (int, double)[] Picks(TargetSet targets, RoutingRequest request)
        {
            Span<RankedTarget> best = stackalloc RankedTarget[3];
            var result = DecisionKernel.Pick(targets, request, policy, NowTicks, 1, 1, best);
            return [.. best[..result.Count].ToArray().Select(b => (b.Target, b.Score))];
        }
    }

    private static double Network(TargetSet targets, int target, OriginPlace? place, long bytes = 0) =>
        new CostModel().Price(Input(targets, Request() with { Origin = new("a", "region", Place: place), PayloadBytes = bytes }), target).NetworkSeconds;

    private static RankingInput Input(TargetSet targets, RoutingRequest request) => new(targets, request, new FilterReason[targets.Count], NowTicks, 0, 0);

    private static VivaldiCoordinate At(double x, double y, double? z = null, double error = 0.1) => new(z is { } third ? [x, y, third] : [x, y], 1, error);
}
