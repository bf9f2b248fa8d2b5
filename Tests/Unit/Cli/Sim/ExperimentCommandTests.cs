namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class ExperimentCommandTests
{
    private const string Busy = """
        seed: 42
        duration_s: 60
        workload: { arrival: { rho: 0.75 } }
        topology: { cells: 2, nodes_per_cell: 3, gpu_profiles: [{ name: H100-80G }, { name: L40S-48G }] }
        """;

    [TestMethod]
    public async Task Experiment_WorseStrategy_IsStoppedWithItsInterval()
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(["experiment", "--config", shell.Config(Busy), "--control", "mesh", "--challenger", "baseline_rr", "--seeds", "2"]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.StartsWith("mesh (control) against baseline_rr (challenger), by ttft_p95; alpha 0.05 (synthetic).", output);
        foreach (var there in new[] { "- seed 42: after ", "challenger is stopped", "- seed 43: ", "the control serves", "| e2e_gmean", "| error_rate", " pp" }) Assert.Contains(there, output);
    }

    [TestMethod]
    public async Task Experiment_AgainstItself_IsInconclusive()
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(["experiment", "--config", shell.Config(Busy), "--control", "mesh", "--challenger", "mesh"]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("inconclusive, time is up", output);
    }

    [TestMethod]
    [DataRow("--control none --challenger mesh", "there is no strategy 'none'")]
    [DataRow("--control mesh --challenger mesh --unit node", "--unit must be request, session or tenant, not 'node'")]
    [DataRow("--control mesh --challenger mesh --alpha 2", "alpha must be above 0 and at most 0.5, not 2")]
    [DataRow("--control mesh --challenger mesh --unit session", "designEffect must be above 1 unless unit is request")]
    [DataRow("--control mesh --challenger mesh --quantile 1", "primary must name a quantile")]
    public async Task Experiment_WrongOption_SaysWhatIsAllowed(string options, string message)
    {
        using var shell = new SimShell();
        var (code, _, error) = await shell.RunAsync(["experiment", "--config", shell.Config(Busy), .. options.Split(' ')]);
        Assert.AreEqual(2, code);
        Assert.Contains(message, error);
    }
}
