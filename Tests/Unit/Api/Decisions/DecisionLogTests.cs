using InferMesh.Api.Decisions;
using InferMesh.Api.Options;
using InferMesh.Tests.Unit.Grains;

namespace InferMesh.Tests.Unit.Api.Decisions;

[TestClass]
public sealed class DecisionLogTests
{
    private readonly ManualTime _time = new();

    [TestMethod]
    public void Take_ManyInOneSecond_KeepsAsManyAsItMay_AndGoesOnInTheNext()
    {
        var log = Log(new() { RecentDecisionsPerSecond = 3 });
        for (var i = 0; i < 10; i++) Take(log, $"a-{i}");
        Assert.HasCount(3, log.Recent);
        _time.Advance(TimeSpan.FromSeconds(1));
        Take(log, "b-0");
        Assert.AreEqual((4, 11L), (log.Recent.Count, log.Seen));
        Assert.AreEqual("b-0", log.Recent[0].Decision.DecisionId);
    }

    [TestMethod]
    public void Take_WithBlocksOfThePrompt_KeepsTheRequestWithoutThem()
    {
        var log = Log(new());
        log.Take(DecisionSource.Ingress, new() { Model = "m", Prefix = [1, 2, 3] }, new() { DecisionId = "d" });
        Assert.IsEmpty(log.Find("d")!.Query.Prefix);
    }

    [TestMethod]
    public void Take_NothingIsKept_CountsOnly()
    {
        var log = Log(new() { RecentDecisions = 0 });
        Take(log, "d");
        Assert.AreEqual((0, 1L), (log.Recent.Count, log.Seen));
        log.Settle(new() { DecisionId = "d" });
        Assert.IsNull(log.Find("d"));
    }

    private static void Take(DecisionLog log, string id) => log.Take(DecisionSource.Rest, new() { Model = "m" }, new() { DecisionId = id });

    private DecisionLog Log(ApiSettings settings) => new(new Fixed<ApiSettings>(settings), _time);
}
