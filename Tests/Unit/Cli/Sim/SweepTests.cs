using InferMesh.Cli.Sim.Matrix;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class SweepTests
{
    [TestMethod]
    public void Read_AllDimensions_LaysThemOverTheConfiguration()
    {
        var cells = SweepMatrix.Read("rho=.3,.6; staleness=0,250ms; alpha=.4; mig_share=.25; decision_cost=50us; cells=4; strategies=mesh,oracle", new SimConfig());
        Assert.HasCount(4, cells);
        Assert.AreEqual("rho=.3 staleness=250ms alpha=.4 mig_share=.25 decision_cost=50us cells=4", cells[1].Name);
        var config = cells[1].Config;
        Assert.AreEqual(0.3, config.Workload.Arrival.Rho);
        Assert.AreEqual(new RangeMs(250, 250), config.Signals.QueueDepthMs);
        Assert.AreEqual(0.4, config.Hedging.Alpha);
        Assert.AreEqual((true, 0.25), (config.Topology.Mig.Enable, config.Topology.Mig.Share));
        Assert.AreEqual(50e-6, config.Routers.DecisionCostS!.Value, 1e-12);
        Assert.AreEqual((4, 4), (config.Topology.Cells, config.Topology.NodesPerCell));
        CollectionAssert.AreEqual(new[] { "mesh", "oracle" }, config.Strategies.Select(static s => s.Name).ToArray());
        Assert.AreEqual(new RangeMs(0, 0), cells[0].Config.Signals.TransportMs.InterCell);
    }

    [TestMethod]
    public async Task Sweep_Matrix_WritesRowsCurvesAndVerdicts()
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(
            ["sweep", "--config", shell.Config(), "--matrix", "rho=.3,.6,.8;strategies=baseline_rr,mesh", "--seeds", "5", "--output", shell.At("s"), "--quiet"]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("6 rows", output);
        var lines = await File.ReadAllLinesAsync(shell.At("s/sweep.csv"));
        Assert.StartsWith("rho,strategy,seeds,arrived,ttft_p50_ms,ttft_p50_ms_ci,", lines[0]);
        Assert.StartsWith(".3,baseline_rr,5,", lines[1]);
        Assert.EndsWith(",0.40239,better,0.40239,better,1,same", lines[2]);
        Assert.Contains("<svg", await File.ReadAllTextAsync(shell.At("s/sweep.html")));
        Assert.StartsWith("<svg", await File.ReadAllTextAsync(shell.At("s/sweep-1.svg")));
    }

    [TestMethod]
    public async Task Sweep_RunAgain_KeepsWhatIsFinishedAndGoesOnPastFailures()
    {
        using var shell = new SimShell();
        var made = shell.Answer;
        shell.Answer = (config, options) => config.Workload.Arrival.Rho == 0.6 ? throw new InvalidOperationException("a law\nis broken") : made(config, options);
        string[] command = ["sweep", "--config", shell.Config(), "--matrix", "rho=.3,.6,.8", "--seeds", "2", "--output", shell.At("s")];
        var (code, _, error) = await shell.RunAsync(command);
        Assert.AreEqual(1, code);
        Assert.Contains("infermesh: rho=.6: failed: InvalidOperationException: a law is broken", error);
        Assert.HasCount(3, shell.Runs);
        Assert.HasCount(5, await File.ReadAllLinesAsync(shell.At("s/sweep.csv")));

        shell.Answer = made;
        (code, _, _) = await shell.RunAsync(command);
        Assert.AreEqual(0, code);
        Assert.HasCount(4, shell.Runs, "only the place that failed is run again");
        Assert.HasCount(7, await File.ReadAllLinesAsync(shell.At("s/sweep.csv")));
    }

    [TestMethod]
    public async Task Sweep_Interrupted_Exits130AndKeepsFinishedPlaces()
    {
        using var shell = new SimShell();
        using var stop = new CancellationTokenSource();
        var made = shell.Answer;
        shell.Answer = (config, options) =>
        {
            if (config.Workload.Arrival.Rho == 0.6) stop.Cancel();
            return made(config, options);
        };
        var (code, _, error) = await shell.RunAsync(["sweep", "--config", shell.Config(), "--matrix", "rho=.3,.6,.8", "--seeds", "2", "--output", shell.At("s")], stop.Token);
        Assert.AreEqual(130, code);
        Assert.Contains("2 of 3 places are missing", error);
        Assert.HasCount(3, await File.ReadAllLinesAsync(shell.At("s/sweep.csv")));
    }
}
