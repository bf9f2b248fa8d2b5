using InferMesh.Tests.EndToEnd.Clusters;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>The run in short: <c>make consistency</c> takes its time.</summary>
[TestClass]
public sealed class ConsistencyTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task ShortRun_WhileAllIsKilledPausedAndRestarted_ShowsEachClientOneTruth()
    {
        await using var mesh = await ProcessCluster.StartAsync(ConsistencyRun.Plan);
        var report = await ConsistencyRun.RunAsync(mesh, TimeSpan.FromSeconds(75));
        TestContext.WriteLine(report.ToString());
        Assert.IsEmpty(report.Violations, report.ToString());
    }
}
