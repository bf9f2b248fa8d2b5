using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Cli;
using InferMesh.Cli.Decisions;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Recording;
using InferMesh.Simulator.Workload.Traces;
using InferMesh.Tests.Unit.Simulator;
using Parquet;

namespace InferMesh.Tests.Unit.Cli.Decisions;

/// <summary>Commands over recordings of a simulated mesh (synthetic).</summary>
[TestClass]
public sealed partial class DecisionsCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-decisions-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task Replay_Recorded_IsIdenticalAndExitsZero()
    {
        Record("mesh");
        var (code, output, error) = await RunAsync("replay-decisions", "--input", _folder);
        Assert.AreEqual((0, ""), (code, error));
        Assert.AreEqual("""
            829 decisions in 1 file of 1 recording (synthetic), 0.1 MB, N decisions/s
            identical, bit for bit: 829 of 829

            """, Rate().Replace(output, "N decisions/s"));
        (code, output, _) = await RunAsync("replay-decisions", "-i", _folder, "-o", "json");
        var json = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual((0, 829, 829, 0), (code, json.GetProperty("replayed").GetInt32(), json.GetProperty("identical").GetInt32(), json.GetProperty("differences").GetArrayLength()));
    }

    [TestMethod]
    public async Task Replay_AnotherStrategy_SaysHowItDiffers()
    {
        Record("mesh");
        var (code, output, error) = await RunAsync("replay-decisions", "-i", _folder, "--strategy", "heuristic", "--parameter", "queue_weight=0.6");
        Assert.AreEqual((0, ""), (code, error));
        foreach (var part in new[] { "another first target: ", " of 829 (", "expected cost of the first target, mean: recorded ", "NODE", "HEURISTIC", "dearer in " }) Assert.Contains(part, output);
        (code, output, _) = await RunAsync("replay-decisions", "-i", _folder, "-s", "mesh", "-o", "json");
        var json = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual((0, 829, 829, 0.0), (code, json.GetProperty("compared").GetInt32(), json.GetProperty("sameFirst").GetInt32(), json.GetProperty("regretSeconds").GetDouble()));
    }

    [TestMethod]
    public async Task Replay_DamagedFile_UsesTheWholeBlocksAndNamesTheRest()
    {
        var file = Record("mesh", seconds: 6);
        var bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..(bytes.Length - 9)]);
        var (code, output, error) = await RunAsync("replay-decisions", "-i", _folder);
        Assert.AreEqual(0, code);
        Assert.Contains("is cut off; its 2 whole blocks are used, ", error);
        Assert.IsTrue(Identical().Match(output) is { Success: true } found && found.Groups[1].Value == found.Groups[2].Value && found.Groups[1].Value != "0", output);
    }

    [TestMethod]
    [DataRow("replay-decisions", "--input")]
    [DataRow("replay-decisions -i /nowhere", "does not exist")]
    [DataRow("replay-decisions -i FOLDER", "holds no file that ends in .imdr")]
    [DataRow("replay-decisions -i FILE", "is no recording of decisions")]
    [DataRow("replay-decisions -i FILE -s nope", "nope")]
    [DataRow("replay-decisions -i FILE -s mesh -p depth=1", "depth")]
    [DataRow("replay-decisions -i FILE -s mesh -p network_weight", "name=number")]
    [DataRow("replay-decisions -i FILE -p network_weight=1", "--strategy")]
    [DataRow("replay-decisions -i FILE -o yaml", "--output")]
    [DataRow("decisions export -i FILE", "--output")]
    [DataRow("decisions export -i FILE -o FOLDER/x.parquet", "is no recording of decisions")]
    [DataRow("decisions export -i FILE -o /nowhere/x.parquet", "--output")]
    [DataRow("decisions workload -i FILE -o x.txt", ".yaml")]
    [DataRow("decisions workload -i FILE -o x.yaml --start-s -1", "--start-s")]
    [DataRow("decisions workload -i FILE -o x.yaml --duration-s 0", "--duration-s")]
    public async Task Commands_WrongCommandLine_IsOneLineThatNamesItAndExitsTwo(string commandLine, string named)
    {
        var file = Path.Combine(_folder, "some.txt");
        File.WriteAllText(file, "some text that is no recording of anything at all");
        var (code, output, error) = await RunAsync(commandLine.Replace("FILE", file, StringComparison.Ordinal).Replace("FOLDER", _folder, StringComparison.Ordinal).Split(' '));
        Assert.AreEqual(2, code, error);
        Assert.AreEqual("", output);
        Assert.Contains(named, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Export_WritesARowForEachDecision()
    {
        Record("mesh");
        var path = Path.Combine(_folder, "decisions.parquet");
        var (code, output, error) = await RunAsync("decisions", "export", "-i", _folder, "-o", path);
        Assert.AreEqual((0, "", $"Wrote 829 decisions to {path}."), (code, error, output.Trim()));
        await using var reader = await ParquetReader.CreateAsync(path);
        CollectionAssert.AreEqual(DecisionRows.Columns.ToArray(), reader.Schema.GetDataFields().Select(static f => f.Name).ToArray());
        using var group = reader.OpenRowGroupReader(0);
        Assert.AreEqual(829L, group.RowCount);
        var numbers = new long[829];
        await group.ReadAsync<long>(reader.Schema.FindDataField("decision"), numbers.AsMemory());
        CollectionAssert.AreEqual(Enumerable.Range(0, 829).Select(static i => (long)i).ToArray(), numbers);
        var nodes = new string?[829];
        await group.ReadAsync(reader.Schema.FindDataField("node"), nodes.AsMemory());
        Assert.IsTrue(nodes.All(static n => n is { Length: > 0 }));
        var ttft = new double[829];
        await group.ReadAsync<double>(reader.Schema.FindDataField("ttft_s"), ttft.AsMemory());
        Assert.IsGreaterThan(700, ttft.Count(static t => t > 0));
    }

    [TestMethod]
    public async Task Workload_IsOneThatTheSimulatorRuns()
    {
        Record("mesh", seconds: 3);
        var path = Path.Combine(_folder, "hour.yaml");
        var (code, output, error) = await RunAsync("decisions", "workload", "-i", _folder, "-o", path, "--start-s", "1", "--duration-s", "1");
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("requests over 1.0 s", output);
        var read = SimConfigYaml.Read(File.ReadAllText(path), _folder);
        Assert.IsEmpty(read.Errors);
        Assert.AreEqual((4, 4), (read.Config!.Topology.Cells, read.Config.Topology.NodesPerCell));
        var trace = TraceFile.Read(RecordedWorkload.TraceOf(path), TraceFormat.Mooncake);
        Assert.IsTrue(trace.Count is > 700 and < 900, $"{trace.Count} of 800 a second.");
        var result = SimulationRunner.Run(read.Config).Single();
        Assert.AreEqual(("mesh", trace.Count), (result.Strategy, (int)result.Requests.Arrived));
    }

    [TestMethod]
    public async Task SimRun_Record_WritesAFolderForEachRun()
    {
        var config = Path.Combine(_folder, "c.yaml");
        File.WriteAllText(config, "seed: 7\nduration_s: 2\nstrategies: [mesh, hybrid_mesh]\nworkload: { arrival: { rps: 50 } }\ntopology: { cells: 1, nodes_per_cell: 4 }\n");
        var (code, _, error) = await RunAsync("sim", "run", "-c", config, "-o", Path.Combine(_folder, "out"), "--record", Path.Combine(_folder, "rec"), "-q");
        Assert.AreEqual((0, ""), (code, error));
        CollectionAssert.AreEqual(new[] { "hybrid_mesh-7", "mesh-7" }, Directory.GetDirectories(Path.Combine(_folder, "rec")).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray());
        (code, var output, _) = await RunAsync("replay-decisions", "-i", Path.Combine(_folder, "rec"));
        Assert.AreEqual(0, code);
        Assert.Contains("2 files of 2 recordings (synthetic)", output);
    }

    private string Record(string strategy, double seconds = 1)
    {
        using (var folder = new RecordingFolder(_folder, 1))
            SimulationRunner.Run(SimConfigs.Small(4, seconds, strategy), new() { Threads = 1, Record = (_, _, _) => folder });
        return RecordingFolder.Files(_folder).Single();
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        var code = await InferMeshCommand.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    [GeneratedRegex("[0-9,]+ decisions/s")]
    private static partial Regex Rate();

    [GeneratedRegex("bit for bit: ([0-9,]+) of ([0-9,]+)")]
    private static partial Regex Identical();
}
