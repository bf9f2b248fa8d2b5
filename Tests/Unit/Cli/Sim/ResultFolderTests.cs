using InferMesh.Cli.Sim.Output;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class ResultFolderTests
{
    private string _folder = "";

    [TestInitialize]
    public void Begin() => _folder = Directory.CreateTempSubdirectory("infermesh-sim-").FullName;

    [TestCleanup]
    public void End() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void Write_Both_HasTheFilesAndNoRests()
    {
        ResultFolder.Write(_folder, "seed: 42\n", Two(), ResultFormat.Both);
        CollectionAssert.AreEquivalent(
            new[] { "config.yaml", "comparison.csv", "report.html", "mesh/metrics.csv", "mesh/groups.csv", "mesh/metrics.json", "baseline_rr/metrics.csv", "baseline_rr/groups.csv", "baseline_rr/metrics.json" },
            Files(_folder));
    }

    [TestMethod]
    public void Write_OneFormat_LeavesTheOtherOut()
    {
        ResultFolder.Write(Path.Combine(_folder, "json"), "", Two(), ResultFormat.Json);
        ResultFolder.Write(Path.Combine(_folder, "csv"), "", Two(), ResultFormat.Csv);
        Assert.IsEmpty(Files(Path.Combine(_folder, "json")).Where(static f => f.EndsWith("metrics.csv", StringComparison.Ordinal)));
        Assert.IsEmpty(Files(Path.Combine(_folder, "csv")).Where(static f => f.EndsWith(".json", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Comparison_Columns_BeginWithThoseOfTheOldSimulator()
    {
        ResultFolder.Write(_folder, "", Two(), ResultFormat.Both);
        var lines = File.ReadAllLines(Path.Combine(_folder, "comparison.csv"));
        Assert.StartsWith("strategy,p95_latency,p99_latency,utilization,cost_per_1k_tokens,hedge_win_rate,", lines[0]);
        Assert.StartsWith("mesh,1500,2000,0.7,0.0033,0,true,1,60,", lines[1]);
        Assert.StartsWith("baseline_rr,3750,5000,", lines[2]);
        Assert.AreEqual(lines[0].Split(',').Length, lines[0].Split(',').Distinct().Count());
    }

    [TestMethod]
    public void MetricsCsv_Header_IsThatOfTheOldSimulator()
    {
        ResultFolder.Write(_folder, "", Two(), ResultFormat.Both);
        var lines = File.ReadAllLines(Path.Combine(_folder, "mesh", "metrics.csv"));
        Assert.AreEqual("metric_type,request_type,p50,p95,p99,p999,mean,max,count", lines[0]);
        Assert.AreEqual("latency,all,600,1500,2000,2600,700,3200,1000", lines[1]);
        CollectionAssert.AreEqual(new[] { "latency", "queue_wait", "service", "ttft", "tpot", "itl" }, lines.Skip(1).Select(static l => l.Split(',')[0]).Distinct().ToArray());
        Assert.Contains("tenant,7,,,latency,600,", File.ReadAllText(Path.Combine(_folder, "mesh", "groups.csv")));
    }

    [TestMethod]
    public void Write_Twice_GivesTheSameBytes()
    {
        ResultFolder.Write(Path.Combine(_folder, "a"), "seed: 1\n", Two(), ResultFormat.Both);
        ResultFolder.Write(Path.Combine(_folder, "b"), "seed: 1\n", Two(), ResultFormat.Both);
        foreach (var file in Files(Path.Combine(_folder, "a")))
            CollectionAssert.AreEqual(File.ReadAllBytes(Path.Combine(_folder, "a", file)), File.ReadAllBytes(Path.Combine(_folder, "b", file)), file);
    }

    [TestMethod]
    public void ReadMetrics_WhatWasWritten_ComesBackInOrder()
    {
        ResultFolder.Write(_folder, "", Two(), ResultFormat.Both);
        var all = ResultFolder.ReadMetrics(_folder);
        CollectionAssert.AreEqual(new[] { "mesh", "baseline_rr" }, all.Select(static m => m.Strategy).ToArray());
        Assert.AreEqual(2000, all[0].Mean(Figures.E2eP99), 1e-9);
    }

    private static IReadOnlyList<MetricsDocument> Two() => MetricsBuilder.Build([MadeResults.Make("mesh"), MadeResults.Make("baseline_rr", p99Seconds: 5)], 60);

    private static string[] Files(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(f => Path.GetRelativePath(folder, f))];
}
