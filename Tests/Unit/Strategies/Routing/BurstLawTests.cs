using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>A burst between two readings must spread by what was dispatched itself: the readings look the same throughout.</summary>
[TestClass]
public sealed class BurstLawTests
{
    [TestMethod]
    [DataRow("mesh", 0.1)]
    [DataRow("mesh", 2.5)]
    [DataRow("least_queue", 0.1)]
    [DataRow("least_queue", 2.5)]
    public void Burst_OnOneStaleReadingOfEqualNodes_SpreadsEvenly(string strategy, double ageSeconds)
    {
        var counts = Send(1000, [.. Equal(8).Select(r => r with { MaxConcurrency = 256, SampledAtTicks = Before(ageSeconds) })], strategy);
        Assert.IsLessThanOrEqualTo(1.3, counts.Values.Max() / (1000.0 / 8));
    }

    [TestMethod]
    public void Burst_FewRequests_SpreadsEvenlyBeforeTheBatchesFill()
    {
        var counts = Send(40, [.. Equal(8).Select(r => r with { SampledAtTicks = Before(2) })], "mesh");
        Assert.HasCount(8, counts);
        Assert.AreEqual(5, counts.Values.Max());
    }

    [TestMethod]
    public void Burst_OnOneStaleReadingOfMixedNodes_GivesFastOnesMoreAndNobodyAll()
    {
        TargetRow[] rows = [.. Enumerable.Range(0, 12).Select(i => i % 3 == 0
            ? Row($"fast{i}") with { MaxConcurrency = 256, PrefillTokensPerSecond = 34_000, DecodeTokensPerSecond = 10_000, MinSecondsPerToken = 0.008 }
            : Row($"slow{i}") with { MaxConcurrency = 256, PrefillTokensPerSecond = 13_000, DecodeTokensPerSecond = 3_000, MinSecondsPerToken = 0.024 })];
        var counts = Send(1000, rows, "mesh");
        var fast = counts.Where(c => c.Key.StartsWith("fast", StringComparison.Ordinal)).Select(c => (double)c.Value).ToArray();
        var slow = counts.Where(c => c.Key.StartsWith("slow", StringComparison.Ordinal)).Select(c => (double)c.Value).ToArray();
        Assert.IsGreaterThan(slow.Average(), fast.Average());
        Assert.IsLessThanOrEqualTo(1.3, fast.Max() / fast.Average());
        Assert.IsLessThanOrEqualTo(0.2 * 1000, fast.Max(), "one node took a fifth of the burst");
    }

    private static Dictionary<string, int> Send(int requests, TargetRow[] rows, string strategy)
    {
        var table = Table(rows);
        var counts = new Dictionary<string, int>();
        for (var i = 0; i < requests; i++)
        {
            var choice = Decide(table, strategy, Request(1), (ulong)i, (ulong)i).Choices[0];
            choice.Local.Dispatch(NowTicks, choice.Terms.PrefillSeconds);
            counts[choice.Identity.NodeId] = counts.GetValueOrDefault(choice.Identity.NodeId) + 1;
        }
        return counts;
    }
}
