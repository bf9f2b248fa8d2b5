using System.Text.Json;
using InferMesh.Cli.Sim.Output;
using InferMesh.Simulator.Configuration.Training;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class JobsCommandTests
{
    private const string Small = """
        strategies: [topology_best_fit, spread]
        fleet: { racks_per_zone: 2, nodes_per_rack: 2 }
        jobs:
          count: 12
          kinds: [{ workers: 4, gpus_per_worker: 2, gradient_bytes: 1e9 }]
        tenants: [{ name: a }, { name: b }]
        """;

    [TestMethod]
    public async Task Jobs_Example_IsValidAndRuns()
    {
        using var shell = new SimShell();
        var (code, yaml, error) = await shell.RunAsync("jobs --example");
        Assert.AreEqual((0, ""), (code, error));
        var read = JobsConfigYaml.Read(yaml);
        Assert.IsEmpty(read.Errors, string.Join('\n', read.Errors));
        await File.WriteAllTextAsync(shell.At("jobs.yaml"), yaml);
        (code, var output, error) = await shell.RunAsync(["jobs", "--config", shell.At("jobs.yaml"), "--strategies", "topology_best_fit", "--output", shell.At("out")]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("topology_best_fit", output);
        Assert.HasCount(read.Config!.Jobs.Count + 1, await File.ReadAllLinesAsync(shell.At("out/jobs.csv")));
    }

    [TestMethod]
    public async Task Jobs_Files_SayAllThereIsAndThatItIsSynthetic()
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(["jobs", "--config", shell.Config(Small), "--seeds", "2", "--output", shell.At("out")]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("synthetic", output);
        var (columns, rows) = Csv.Parse(await File.ReadAllTextAsync(shell.At("out/jobs.csv")))!.Value;
        Assert.HasCount(2 * 2 * 12, rows);
        CollectionAssert.IsSubsetOf(new[] { "jct_s", "wait_s", "step_inflation", "lost_gpu_h", "tenant" }, columns.ToArray());
        using var metrics = JsonDocument.Parse(await File.ReadAllTextAsync(shell.At("out/metrics.json")));
        Assert.IsTrue(metrics.RootElement.GetProperty("synthetic").GetBoolean());
        var strategy = metrics.RootElement.GetProperty("strategies")[0];
        Assert.AreEqual(2, strategy.GetProperty("runs").GetArrayLength());
        Assert.IsGreaterThan(0.0, strategy.GetProperty("figures").GetProperty("jct_mean_s").GetProperty("low").GetDouble());
        var page = await File.ReadAllTextAsync(shell.At("out/report.html"));
        foreach (var asked in new[] { "src=", "href=", "url(", "@import", "http:", "https:" }) Assert.DoesNotContain(asked, page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
        foreach (var there in new[] { "synthetic", "What it says", "Submission to end (JCT)", "Wait in the queue", "Fragments", "Ring edges between racks", "seconds that serving lacked" }) Assert.Contains(there, page);
        Assert.DoesNotContain("NaN", page);
    }

    [TestMethod]
    public async Task Jobs_Again_WritesTheSameBytes()
    {
        using var shell = new SimShell();
        foreach (var (folder, threads) in new[] { ("a", "1"), ("b", "2") })
            await shell.RunAsync(["jobs", "--config", shell.Config(Small), "--seeds", "2", "--threads", threads, "--output", shell.At(folder)]);
        foreach (var file in new[] { "jobs.csv", "metrics.json", "report.html", "config.yaml" })
            CollectionAssert.AreEqual(await File.ReadAllBytesAsync(shell.At($"a/{file}")), await File.ReadAllBytesAsync(shell.At($"b/{file}")), file);
    }

    [TestMethod]
    [DataRow("jobs", "--config")]
    [DataRow("jobs --config /nowhere/x.yaml", "--config")]
    [DataRow("jobs --config CONFIG --strategies mesh", "mesh")]
    [DataRow("jobs --config CONFIG --strategies ,", "--strategies")]
    [DataRow("jobs --config CONFIG --seeds 0", "--seeds")]
    public async Task Jobs_WrongCommandLine_ExitsTwo(string commandLine, string named)
    {
        using var shell = new SimShell();
        var (code, output, error) = await shell.RunAsync(commandLine.Replace("CONFIG", shell.Config(Small), StringComparison.Ordinal));
        Assert.AreEqual((2, ""), (code, output), error);
        Assert.Contains(named, error);
    }

    [TestMethod]
    public async Task Jobs_WrongConfiguration_SaysEveryErrorWithItsLineAndExitsTwo()
    {
        using var shell = new SimShell();
        var path = shell.Config("fleet: { zones: -1 }\njobs:\n  cont: 4\n");
        var (code, output, error) = await shell.RunAsync(["jobs", "--config", path]);
        Assert.AreEqual((2, ""), (code, output));
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(2, lines, error);
        Assert.StartsWith($"{path}:1:", lines[0]);
        Assert.StartsWith($"{path}:3:", lines[1]);
    }

    [TestMethod]
    public async Task Jobs_HorizonTooShort_SaysSoAndExitsOne()
    {
        using var shell = new SimShell();
        var (code, _, error) = await shell.RunAsync(["jobs", "--config", shell.Config(Small + "\nscheduler: { horizon_s: 10 }\n"), "--output", shell.At("out")]);
        Assert.AreEqual(1, code);
        Assert.Contains("horizon_s", error);
        Assert.IsFalse(Directory.Exists(shell.At("out")));
    }
}
