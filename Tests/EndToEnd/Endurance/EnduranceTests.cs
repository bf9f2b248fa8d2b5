using InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>The long runs in short: <c>make chaos</c>, <c>make soak</c>, <c>make overload</c> and <c>make rolling</c> take their time.</summary>
[TestClass]
public sealed class EnduranceTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Chaos_ShortRun_LosesNoAcceptedRequest_AndLeavesNothingInFlight()
    {
        await using var mesh = await MeshProcess.StartAsync();
        var report = await ChaosRun.RunAsync(mesh, TimeSpan.FromSeconds(50));
        TestContext.WriteLine(report.ToString());
        Assert.IsEmpty(report.Violations, report.ToString());
    }

    [TestMethod]
    public async Task Fuzz_ShortRun_FindsNoFailureOfTheServersOwn()
    {
        await using var mesh = await MeshProcess.StartAsync(settings: FuzzRun.Settings);
        var report = await FuzzRun.RunAsync(mesh, calls: 1500, seed: 1, judgeMemory: false);
        TestContext.WriteLine(report.ToString());
        Assert.IsEmpty(report.Violations, report.ToString());
    }

    [TestMethod]
    public async Task RollingRestart_OfSilosAndApis_DropsNoRequest()
    {
        var report = await RollingRun.RunAsync();
        TestContext.WriteLine(report.ToString());
        Assert.IsEmpty(report.Violations, report.ToString());
    }
}
