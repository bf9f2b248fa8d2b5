using InferMesh.Cli.Sim;
using InferMesh.Simulator.Results;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class RunCommandTests
{
    [TestMethod]
    [DataRow("run", "--config")]
    [DataRow("run --config /nowhere/x.yaml", "--config")]
    [DataRow("run --config CONFIG --format xml", "--format")]
    [DataRow("run --config CONFIG --seeds 0", "--seeds")]
    [DataRow("run --config CONFIG --threads -1", "--threads")]
    [DataRow("run --config CONFIG --strategy nope", "nope")]
    [DataRow("run --config CONFIG --strategy ,", "--strategy")]
    [DataRow("run --config ", "--config must not be empty")]
    [DataRow("run --config CONFIG --output ", "--output must not be empty")]
    [DataRow("run --config CONFIG --record ", "--record must not be empty")]
    [DataRow("run --config CONFIG --plugin ", "--plugin must not be empty")]
    [DataRow("sweep --config CONFIG --matrix rho=.3 --output ", "--output must not be empty")]
    [DataRow("generate --output x --example-type tiny", "--example-type")]
    [DataRow("generate", "--output")]
    [DataRow("compare --results /nowhere", "--results")]
    [DataRow("explain --results /nowhere", "--results")]
    [DataRow("sweep --config CONFIG --output x --matrix rho", "--matrix")]
    [DataRow("sweep --config CONFIG --output x --matrix speed=1", "speed")]
    [DataRow("sweep --config CONFIG --output x --matrix rho=9", "rho")]
    [DataRow("sweep --config CONFIG --output x --matrix rho=.3;rho=.4", "twice")]
    [DataRow("sweep --config CONFIG --output x --matrix cells=7", "cells")]
    [DataRow("sweep --config CONFIG --output x --matrix strategies=nope;rho=.3", "nope")]
    [DataRow("--nodes 4", "--nodes")]
    public async Task Sim_WrongCommandLine_IsOneLineThatNamesItAndExitsTwo(string commandLine, string named)
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(commandLine.Replace("CONFIG", shell.Config(), StringComparison.Ordinal));
        Assert.AreEqual(2, code, error);
        Assert.AreEqual("", output);
        Assert.Contains(named, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.IsEmpty(shell.Runs);
    }

    [TestMethod]
    public async Task Run_Seeds_CountsUpFromTheConfigurationsAndWritesTheFolder()
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("out"), "--seeds", "3", "--threads", "2"]);
        Assert.AreEqual((0, ""), (code, error));
        CollectionAssert.AreEqual(new ulong[] { 42, 43, 44 }, shell.Runs.Single().Options.Seeds!.ToArray());
        Assert.AreEqual(2, shell.Runs.Single().Options.Threads);
        Assert.Contains("| mesh ", output);
        Assert.Contains("holds over the seeds", output);
        Assert.IsTrue(File.Exists(shell.At("out/report.html")) && File.Exists(shell.At("out/comparison.csv")) && File.Exists(shell.At("out/mesh/metrics.json")));
    }

    [TestMethod]
    public async Task Run_RecordOfWhatHasNoRouter_IsRefused()
    {
        using var shell = new SimShell();
        var config = shell.Config("strategies: [baseline_rr]\nservice: { model: reference_bugs }\n");
        var (code, _, error) = await shell.RunAsync(["run", "--config", config, "--output", shell.At("out"), "--record", shell.At("rec")]);
        Assert.AreEqual(2, code);
        Assert.Contains("infermesh: --record: service.model is reference_bugs", error);
        Assert.IsEmpty(shell.Runs);
    }

    [TestMethod]
    public void All_OfPluginsByName_IsEachPackageOnce() => CollectionAssert.AreEqual(
        new[] { "mesh", "one_mesh", "two_mesh@1.0.0", "two_mesh@2.0.0" },
        SimOptions.Once(["mesh", "one_mesh", "one_mesh@1.0.0", "two_mesh@1.0.0", "two_mesh@2.0.0"]).ToArray());

    [TestMethod]
    public async Task Run_StrategyOption_ReplacesThoseOfTheConfiguration()
    {
        using var shell = new SimShell();
        await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("out"), "--strategy", "least_queue", "--strategy", "oracle,mesh"]);
        CollectionAssert.AreEqual(new[] { "least_queue", "oracle", "mesh" }, shell.Runs.Single().Config.Strategies.Select(static s => s.Name).ToArray());
    }

    [TestMethod]
    public async Task Run_NotATerminal_SaysProgressInLines()
    {
        using var shell = new SimShell();
        var made = shell.Answer;
        shell.Answer = (config, options) =>
        {
            options.Progress!(new RunProgress("mesh", 42, 10, 60, 33_446));
            options.Progress!(new RunProgress("mesh", 42, 60, 60, 200_000));
            return made(config, options);
        };
        var (_, _, error) = await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("out")]);
        Assert.AreEqual("Simulation progress [mesh]: 60.0s/60.0s (100.0%), 200000 events\n", error);
        (_, _, error) = await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("out"), "--quiet"]);
        Assert.AreEqual("", error);
    }

    [TestMethod]
    public async Task Run_Interrupted_WritesWhatThereIsMarksItAndExits130()
    {
        using var shell = new SimShell();
        using var stop = new CancellationTokenSource();
        shell.Answer = (config, options) =>
        {
            stop.Cancel();
            Assert.IsTrue(options.Stop.IsCancellationRequested);
            return [MadeResults.Make("baseline_rr"), MadeResults.Make("mesh", complete: false)];
        };
        var (code, output, error) = await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("out")], stop.Token);
        Assert.AreEqual(130, code);
        Assert.Contains("incomplete", error);
        Assert.Contains("mesh (incomplete)", output);
        Assert.Contains("Incomplete: mesh stopped before the horizon", await File.ReadAllTextAsync(shell.At("out/report.html")));
        Assert.Contains("\"complete\": false", await File.ReadAllTextAsync(shell.At("out/mesh/metrics.json")));
        Assert.Contains(",false,", (await File.ReadAllLinesAsync(shell.At("out/comparison.csv")))[2]);
    }

    [TestMethod]
    public async Task Run_InterruptedBeforeAnything_WritesNothing()
    {
        using var shell = new SimShell();
        shell.Answer = static (_, _) => [];
        var (code, _, error) = await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("out")]);
        Assert.AreEqual(130, code);
        Assert.Contains("nothing was written", error);
        Assert.IsFalse(Directory.Exists(shell.At("out")));
    }

    [TestMethod]
    public async Task Compare_TwoFolders_RelatesEachStrategyToTheFirst()
    {
        using var shell = new SimShell();
        await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("a")]);
        shell.Answer = static (config, options) => [.. config.Strategies.Select(s => MadeResults.Make(s.Name, 42, 4))];
        await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("b")]);
        var (code, output, error) = await shell.RunAsync(["compare", "--results", shell.At("a"), "--results", shell.At("b"), "--output", shell.At("c.csv")]);
        Assert.AreEqual((0, ""), (code, error));
        var last = output.Split('\n').Last(static l => l.Contains("| mesh ", StringComparison.Ordinal));
        Assert.Contains("1.98", last, "4 s over 2.02 s");
        var lines = await File.ReadAllLinesAsync(shell.At("c.csv"));
        Assert.StartsWith("results,strategy,p95_latency,", lines[0]);
        Assert.HasCount(5, lines);
    }

    [TestMethod]
    public async Task Explain_Defaults_SaysWhyTheBestBeatsRoundRobin()
    {
        using var shell = new SimShell();
        await shell.RunAsync(["run", "--config", shell.Config(), "--output", shell.At("a"), "--seeds", "5"]);
        var (code, output, error) = await shell.RunAsync(["explain", "--results", shell.At("a")]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("mesh against baseline_rr (synthetic), 5 seeds", output);
        Assert.Contains("better by 2.5 x", output);
        Assert.Contains("most of it in service", output);
        (code, _, error) = await shell.RunAsync(["explain", "--results", shell.At("a"), "--strategy", "nope"]);
        Assert.AreEqual(2, code);
        Assert.Contains("baseline_rr, mesh", error);
    }
}
