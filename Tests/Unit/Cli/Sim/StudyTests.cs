using InferMesh.Cli.Sim;
using InferMesh.Cli.Sim.Study;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class StudyTests
{
    [TestMethod]
    public void FullMatrix_Cells_AreThoseOfTheStudyAndRun()
    {
        var cells = StudyMatrix.Cells(StudySize.Full);
        Assert.HasCount(4 * 2 * 2 * 2 * 3, cells);
        Assert.HasCount(cells.Count, cells.Select(static c => c.Name).Distinct().ToArray());
        Assert.HasCount(cells.Count, cells.Select(static c => c.FileName).Distinct().ToArray());
        foreach (var cell in cells.Concat(PrefixScenario.Cells(StudySize.Full)))
            Assert.IsEmpty(SimConfigValidator.Check(cell.Config), cell.Name + ": " + string.Join("; ", SimConfigValidator.Check(cell.Config).Select(static e => $"{e.Path} {e.Message}")));
        Assert.IsTrue(cells.All(static c => c.Config.Topology.Cells * c.Config.Topology.NodesPerCell == StudyMatrix.Nodes));
        CollectionAssert.Contains(SimOptions.AllStrategies.ToArray(), "oracle");
    }

    [TestMethod]
    public void QuickMatrix_Cells_AreSomeOfTheFullOnes()
    {
        var full = StudyMatrix.Cells(StudySize.Full).Select(static c => c.Name).ToHashSet();
        Assert.IsTrue(StudyMatrix.Cells(StudySize.Quick).All(c => full.Contains(c.Name)));
    }

    [TestMethod]
    public void Bursts_RateAndDwell_HaveTheTracesDispersion()
    {
        // Index of dispersion of an on-off process: 1 + 2 v T / m (1 - T / t (1 - e^(-t/T))), v variance of the rate, T time constant, m mean rate.
        var (rate, on, off) = (StudyMatrix.Bursts.RatesRps[0], StudyMatrix.Bursts.DwellS[0], StudyMatrix.Bursts.DwellS[1]);
        double share = on / (on + off), mean = rate * share, variance = rate * rate * share * (1 - share), constant = on * off / (on + off);
        double Dispersion(double seconds) => 1 + 2 * variance * constant / mean * (1 - constant / seconds * (1 - Math.Exp(-seconds / constant)));
        const double speed = 50;
        Assert.AreEqual(2.57, mean / speed, 0.03, "requests per second of the trace");
        Assert.AreEqual(13.2, Dispersion(1 / speed), 1);
        Assert.AreEqual(71, Dispersion(10 / speed), 8);
        Assert.AreEqual(161, Dispersion(60 / speed), 45);
    }

    [TestMethod]
    [DataRow("study --output x")]
    [DataRow("study --quick --full --output x")]
    [DataRow("study --only rho=7 --output x --quick")]
    [DataRow("study --only rho=0.8 --output x --quick --docs y")]
    public async Task Study_NeitherOrBoth_IsRefused(string commandLine)
    {
        using var shell = new SimShell();
        var (code, _, error) = await shell.RunAsync(commandLine);
        Assert.AreEqual(2, code);
        Assert.IsTrue(error.Contains("--quick", StringComparison.Ordinal) || error.Contains("--only", StringComparison.Ordinal) || error.Contains("--docs", StringComparison.Ordinal), error);
    }

    [TestMethod]
    public async Task Study_SomePlaces_RunsThoseAlone()
    {
        using var shell = new SimShell();
        shell.Answer = static (config, options) => [.. config.Strategies.SelectMany(s => options.Seeds!.Select(seed => MadeResults.Make(s.Name, seed, 2)))];
        var (code, _, error) = await shell.RunAsync(["study", "--quick", "--only", "rho=0.8 workload=short_chat staleness=1s", "--seeds", "2", "--quiet", "--output", shell.At("some")]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.HasCount(1 + SimOptions.AllStrategies.Count, await File.ReadAllLinesAsync(shell.At("some/study.csv")));
        Assert.DoesNotContain("750 users", await File.ReadAllTextAsync(shell.At("some/summary.md")));
    }

    [TestMethod]
    public async Task Study_Quick_WritesTablesCurvesAndPageAndNamesLosses()
    {
        using var shell = new SimShell();
        shell.Answer = static (config, options) =>
        [
            .. config.Strategies.SelectMany(s => options.Seeds!.Select(seed => MadeResults.Make(
                s.Name, seed, (s.Name switch { "baseline_rr" => 5, "heuristic" or "mesh_stale" => 6, "oracle" => 1.9, _ => 2 }) + (seed * 0.01), slo: s.Name == "baseline_rr" ? 0.5 : 0.9))),
        ];
        var (code, output, error) = await shell.RunAsync(["study", "--quick", "--seeds", "2", "--quiet", "--output", shell.At("study"), "--docs", shell.At("docs/results.md")]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("rows) and summary.md", output);
        var page = await File.ReadAllTextAsync(shell.At("docs/results.md"));
        Assert.Contains("synthetic", page);
        Assert.Contains("| short_chat | mixed | E2E p99, ms | 6 of 48 | 1.2 |", page, "mesh_stale in six places, and heuristic is not of the mesh family");
        Assert.Contains("| the same of E2E p99 | in 3 of 3 places; 2.49 to 2.49, median 2.49 | yes |", page);
        Assert.Contains("2.49 x", page);
        Assert.Contains("| precise | `prefix_mesh` |", page);
        foreach (var image in new[] { "study-short-chat", "study-code-bursts", "study-shared-prefix" })
        {
            Assert.Contains($"(img/{image}.svg)", page);
            Assert.StartsWith("<svg", await File.ReadAllTextAsync(shell.At($"docs/img/{image}.svg")));
        }
        Assert.StartsWith("workload,fleet,staleness,cells,rho,strategy,seeds,", (await File.ReadAllLinesAsync(shell.At("docs/data/study.csv")))[0]);
        Assert.IsFalse(page.Contains("Incomplete", StringComparison.Ordinal));
    }
}
