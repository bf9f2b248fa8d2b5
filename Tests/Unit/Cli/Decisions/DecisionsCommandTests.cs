using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Cli;
using InferMesh.Cli.Decisions;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Recording;
using InferMesh.Simulator.Workload.Traces;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Simulator;
using InferMesh.Tests.Unit.Strategies;
using InferMesh.Tests.Unit.Strategies.Hosting;
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
    public async Task Replay_OfAPlugin_NeedsItsPackageAndSaysWhich()
    {
        var (guest, other) = (Package("guest_mesh", Packages.TrapsForEveryFourthSeed()), Package("other_mesh", Packages.Text(Packages.Pick())));
        var config = Path.Combine(_folder, "c.yaml");
        File.WriteAllText(config, "seed: 7\nduration_s: 2\nstrategies: [{name: guest_mesh, fallback: least_queue}]\nworkload: { arrival: { rps: 50 } }\ntopology: { cells: 1, nodes_per_cell: 4 }\n");
        var recording = Path.Combine(_folder, "rec");
        var (code, output, error) = await RunAsync("sim", "run", "-c", config, "-o", Path.Combine(_folder, "out"), "--plugin", guest, "--record", recording, "-q");
        Assert.AreEqual((0, ""), (code, error));

        (code, output, error) = await RunAsync("replay-decisions", "-i", recording);
        Assert.AreEqual((0, ""), (code, error));
        Assert.AreEqual($"""
            84 decisions in 1 file of 1 recording (synthetic), 0.0 MB, N decisions/s
            identical, bit for bit: 21 of 21
            of these by the fallback of a plugin, as recorded: 21 (trap 21)
            not made again: 63, of plugin guest_mesh@1.0.0 with digest {Digest(guest)}: give its package with --plugin

            """, Rate().Replace(output, "N decisions/s"));

        (code, output, error) = await RunAsync("replay-decisions", "-i", recording, "--plugin", other, "--plugin", guest);
        Assert.AreEqual((0, $"infermesh: --plugin: other_mesh@1.0.0 with digest {Digest(other)} made none of these decisions"), (code, error.Trim()));
        Assert.AreEqual("""
            84 decisions in 1 file of 1 recording (synthetic), 0.0 MB, N decisions/s
            identical, bit for bit: 84 of 84
            of these by the fallback of a plugin, as recorded: 21 (trap 21)

            """, Rate().Replace(output, "N decisions/s"));
        (code, output, _) = await RunAsync("replay-decisions", "-i", recording, "-o", "json");
        var json = JsonDocument.Parse(output).RootElement;
        var missing = json.GetProperty("missingPlugins").EnumerateArray().Single();
        Assert.AreEqual((0, 21, 63, 63), (code, json.GetProperty("fallbacks").GetProperty("trap").GetInt32(), json.GetProperty("skipped").GetProperty("plugin").GetInt32(), missing.GetProperty("decisions").GetInt32()));
        Assert.AreEqual(("guest_mesh", "1.0.0", Digest(guest)), (missing.GetProperty("name").GetString(), missing.GetProperty("version").GetString(), missing.GetProperty("digest").GetString()));
    }

    [TestMethod]
    public async Task Replay_AgainstAPlugin_SaysHowItDiffersAndWhereItsFallbackAnswered()
    {
        Record("hybrid_mesh");
        var same = Package("same_mesh", Packages.Prebuilt("hybrid_mesh_c.wasm"), Packages.HybridParameters);
        var (code, output, error) = await RunAsync("replay-decisions", "-i", _folder, "--strategy-plugin", same, "-o", "json");
        Assert.AreEqual((0, ""), (code, error));
        var json = JsonDocument.Parse(output).RootElement;
        Assert.AreEqual((829, 829, 0.0), (json.GetProperty("compared").GetInt32(), json.GetProperty("sameFirst").GetInt32(), json.GetProperty("regretSeconds").GetDouble()));
        Assert.AreEqual(("same_mesh@1.0.0", Digest(same), "{}"), (json.GetProperty("strategy").GetString(), json.GetProperty("digest").GetString(), json.GetProperty("fallbacks").GetRawText()));
        (code, output, _) = await RunAsync("replay-decisions", "-i", _folder, "--strategy-plugin", same, "-p", "tail_weight=3");
        Assert.AreEqual(0, code);
        Assert.Contains("same_mesh@1.0.0 beside what was recorded", output);

        (code, output, error) = await RunAsync("replay-decisions", "-i", _folder, "--strategy-plugin", Package("guest_mesh", Packages.TrapsForEveryFourthSeed()));
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("the plugin did not answer, its fallback hybrid_mesh did: 208 (trap 208)", output);
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
    [DataRow("replay-decisions -i FILE --plugin /nowhere", "--plugin: '/nowhere' cannot be loaded")]
    [DataRow("replay-decisions -i FILE --strategy-plugin /nowhere", "--strategy-plugin: '/nowhere' cannot be loaded")]
    [DataRow("replay-decisions -i FILE --strategy-plugin GUEST -s mesh", "--strategy and --strategy-plugin")]
    [DataRow("replay-decisions -i FILE --strategy-plugin GUEST -p depth=1", "depth")]
    [DataRow("replay-decisions -i FILE --strategy-plugin PACK", "must be a plugin that ranks")]
    [DataRow("replay-decisions -i FILE --strategy-plugin GUEST --plugin GUEST", "--plugin makes recorded decisions again")]
    [DataRow("replay-decisions -i FILE -s mesh --plugin GUEST", "--plugin makes recorded decisions again")]
    [DataRow("decisions export -i FILE", "--output")]
    [DataRow("decisions export -i FILE -o FOLDER/x.parquet", "is no recording of decisions")]
    [DataRow("decisions export -i FILE -o /nowhere/x.parquet", "--output")]
    [DataRow("decisions export -i FILE -o ", "--output must not be empty")]
    [DataRow("decisions workload -i FILE -o ", "--output must not be empty")]
    [DataRow("replay-decisions -i ", "--input must not be empty")]
    [DataRow("decisions workload -i FILE -o x.txt", ".yaml")]
    [DataRow("decisions workload -i FILE -o x.yaml --start-s -1", "--start-s")]
    [DataRow("decisions workload -i FILE -o x.yaml --duration-s 0", "--duration-s")]
    public async Task Commands_WrongCommandLine_IsOneLineThatNamesItAndExitsTwo(string commandLine, string named)
    {
        var file = Path.Combine(_folder, "some.txt");
        File.WriteAllText(file, "some text that is no recording of anything at all");
        if (commandLine.Contains("GUEST", StringComparison.Ordinal)) commandLine = commandLine.Replace("GUEST", Package("guest", Packages.Text(Packages.Pick())), StringComparison.Ordinal);
        if (commandLine.Contains("PACK", StringComparison.Ordinal)) commandLine = commandLine.Replace("PACK", Package("pack", Packages.Prebuilt("binpack_c.wasm"), kind: PluginKind.Training), StringComparison.Ordinal);
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
    public async Task Export_RowGroups_AreWrittenAsTheyCome()
    {
        var file = Record("mesh");
        using var parquet = new MemoryStream();
        var ends = new EndsByDecision();
        new RecordingReader().Read(File.ReadAllBytes(file), ends);
        await using (var rows = await DecisionRows.CreateAsync(parquet, ends, CancellationToken.None, rowsOfAGroup: 300))
        {
            new RecordingReader().Read(File.ReadAllBytes(file), rows);
            await rows.WriteAsync(CancellationToken.None);
            Assert.IsGreaterThan(300 * 8, parquet.Length, "What makes whole groups is written.");
            await rows.WriteAsync(CancellationToken.None, all: true);
        }
        parquet.Position = 0;
        await using var reader = await ParquetReader.CreateAsync(parquet);
        CollectionAssert.AreEqual(new[] { 300L, 300, 229 }, Enumerable.Range(0, reader.RowGroupCount).Select(i => reader.OpenRowGroupReader(i).RowCount).ToArray());
    }

    [TestMethod]
    public async Task Export_TwoSilosOfWhichOneLostItsBeginning_KeepsThemApart()
    {
        var first = File.ReadAllBytes(Record("mesh"));
        File.WriteAllBytes(Path.Combine(_folder, RecordingFormat.FileName(1, 0)), first);
        // The same, as it would stand in the sixth file of another silo whose first files are gone.
        BitConverter.TryWriteBytes(first.AsSpan(8), 2UL);
        BitConverter.TryWriteBytes(first.AsSpan(16), 5);
        BitConverter.TryWriteBytes(first.AsSpan(32), 5000L);
        BitConverter.TryWriteBytes(first.AsSpan(44), RecordingFormat.Checksum(first.AsSpan(0, 44)));
        File.WriteAllBytes(Path.Combine(_folder, RecordingFormat.FileName(2, 5)), first);
        var path = Path.Combine(_folder, "decisions.parquet");
        var (code, _, error) = await RunAsync("decisions", "export", "-i", _folder, "-o", path);
        Assert.AreEqual((0, ""), (code, error));
        await using var reader = await ParquetReader.CreateAsync(path);
        using var group = reader.OpenRowGroupReader(0);
        var (recordings, ttft) = (new long[2 * 829], new double[2 * 829]);
        await group.ReadAsync<long>(reader.Schema.FindDataField("recording"), recordings.AsMemory());
        await group.ReadAsync<double>(reader.Schema.FindDataField("ttft_s"), ttft.AsMemory());
        Assert.AreEqual((829, 829), (recordings.Count(static r => r == 0), recordings.Count(static r => r == 1)));
        CollectionAssert.AreEqual(ttft[..829], ttft[829..]);
    }

    [TestMethod]
    public async Task Commands_FileWithoutAHeader_IsNamedAndLeftOut()
    {
        Record("mesh");
        // A silo that ended between making a file and writing to it.
        var empty = Path.Combine(_folder, RecordingFormat.FileName(1, 1));
        File.WriteAllBytes(empty, []);
        var (code, output, error) = await RunAsync("replay-decisions", "-i", _folder);
        Assert.AreEqual((0, $"infermesh: '{empty}' is no recording of decisions: it does not begin with IMDR; it is left out"), (code, error.Trim()));
        Assert.Contains("identical, bit for bit: 829 of 829", output);
        (code, _, error) = await RunAsync("decisions", "export", "-i", _folder, "-o", Path.Combine(_folder, "x.parquet"));
        Assert.AreEqual(0, code);
        Assert.Contains("it is left out", error);
        (code, _, _) = await RunAsync("replay-decisions", "-i", empty);
        Assert.AreEqual(2, code);
    }

    [TestMethod]
    [DataRow("export", "x.parquet")]
    [DataRow("workload", "x.yaml")]
    public async Task Commands_OutputThatCannotBeWritten_IsOneLineAndExitsOneAndLeavesNothing(string command, string output)
    {
        Record("mesh", seconds: 0.2);
        Directory.CreateDirectory(Path.Combine(_folder, output, "in the way"));
        var (code, _, error) = await RunAsync("decisions", command, "-i", _folder, "-o", Path.Combine(_folder, output));
        Assert.AreEqual(1, code, error);
        Assert.Contains("cannot write '", error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.IsEmpty(Directory.GetFiles(_folder, "*.part"));
    }

    [TestMethod]
    public async Task Commands_DiskThatIsFull_IsOneLineAndExitsOne()
    {
        if (!File.Exists("/dev/full")) Assert.Inconclusive("Only Linux has such a disk.");
        Record("mesh", seconds: 0.2);
        var (code, _, error) = await RunAsync("decisions", "export", "-i", _folder, "-o", "/dev/full");
        Assert.AreEqual(1, code, error);
        Assert.Contains("cannot write '/dev/full'", error);
    }

    [TestMethod]
    public async Task SimRun_RecordThatCannotBeWritten_KeepsTheResultsAndExitsOne()
    {
        var (config, recordings) = (Path.Combine(_folder, "c.yaml"), Path.Combine(_folder, "rec"));
        File.WriteAllText(config, "seed: 7\nduration_s: 2\nstrategies: [mesh, hybrid_mesh]\nworkload: { arrival: { rps: 50 } }\ntopology: { cells: 1, nodes_per_cell: 4 }\n");
        Directory.CreateDirectory(recordings);
        File.WriteAllText(Path.Combine(recordings, "mesh-7"), "in the way");
        var (code, _, error) = await RunAsync("sim", "run", "-c", config, "-o", Path.Combine(_folder, "out"), "--record", recordings, "-q");
        Assert.AreEqual(1, code);
        Assert.StartsWith("infermesh: --record: cannot write '", error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.IsTrue(File.Exists(Path.Combine(_folder, "out", "mesh", "metrics.json")));
        (code, var output, _) = await RunAsync("replay-decisions", "-i", Path.Combine(recordings, "hybrid_mesh-7"));
        Assert.AreEqual(0, code, output);
    }

    [TestMethod]
    public async Task Workload_CountsARequestOnce()
    {
        var broken = SimConfigs.Continuous(0.5, 10, "mesh");
        foreach (var config in new[] { broken with { Failures = new() { MeanTimeBetweenS = 3, MeanRepairS = 1 } }, broken with { Service = broken.Service with { PrefillShare = 0.5 } } })
        {
            long arrived, decided;
            using (var folder = new RecordingFolder(_folder, 1))
                arrived = SimulationRunner.Run(config, new() { Threads = 1, Record = (_, _, _) => folder }).Single().Requests.Arrived;
            var path = Path.Combine(_folder, "again.yaml");
            var (code, output, error) = await RunAsync("decisions", "workload", "-i", _folder, "-o", path);
            Assert.AreEqual((0, ""), (code, error));
            decided = new RecordingReader().Read(File.ReadAllBytes(RecordingFolder.Files(_folder).Single()), new EndsByDecision()).Decisions;
            Assert.IsGreaterThan(arrived, decided, "Some were decided again.");
            Assert.AreEqual(arrived, TraceFile.Read(RecordedWorkload.TraceOf(path), TraceFormat.Mooncake).Count, output);
        }
    }

    [TestMethod]
    public async Task Workload_RequestsThatNodesWereKeptFrom_AreRequests()
    {
        using (var folder = new RecordingFolder(_folder, 1))
        {
            var (recorder, table) = (new DecisionRecorder(folder, new(1, Tables.NowTicks)), Tables.Table(Tables.Equal(4)));
            // One as it comes, one while a node is left alone, and that once more after its target failed.
            foreach (var request in new[] { Tables.Request(), Tables.Request() with { ExcludedNodes = ["n9"] }, Tables.Request() with { ExcludedNodes = ["n9", "n1"], Again = true } })
                recorder.Decided(table, request, DecisionKernel.Decide(table, request, Tables.NowTicks, 0, 0), Tables.NowTicks, 0, 0);
            recorder.Flush();
        }
        var (code, output, error) = await RunAsync("decisions", "workload", "-i", _folder, "-o", Path.Combine(_folder, "again.yaml"));
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains("Wrote 2 requests", output);
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

    private static string Digest(string package) => PluginPackage.TryOpen(package, out _)!.Digest;

    /// <summary>A package as a folder.</summary>
    private string Package(string name, byte[] module, IReadOnlyList<InferMesh.Strategies.StrategyParameter>? parameters = null, PluginKind kind = PluginKind.Routing)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = module };
        File.WriteAllBytes(Path.Combine(folder, "main.wasm"), module);
        File.WriteAllBytes(
            Path.Combine(folder, PluginManifest.FileName),
            new PluginManifest { Name = name, Version = "1.0.0", Kind = kind, Runtime = PluginRuntime.Wasm, Main = "main.wasm", Files = Packages.Hashes(files), Parameters = parameters ?? [] }.ToJson());
        return folder;
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
