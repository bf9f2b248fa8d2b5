using System.Text.Json;
using InferMesh.Cli;
using InferMesh.Cli.Sim;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Strategies.Hosting;
using Wasmtime;

namespace InferMesh.Tests.Unit.Cli.Sim;

/// <summary>Simulations with plugins: packages of the mesh, run by the simulator itself.</summary>
[TestClass]
public sealed class SimPluginTests
{
    private const string Config = "seed: 7\nduration_s: 4\nstrategies: [baseline_rr]\nrouters: { decision_cost_s: 0 }\ntopology: { cells: 2, nodes_per_cell: 8 }\n";

    [TestMethod]
    public async Task Run_HybridMeshAsAPlugin_DecidesAsTheBuiltIn()
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.Prebuilt("hybrid_mesh_c.wasm"), "hybrid_guest", parameters: Packages.HybridParameters);
        var (code, _, error) = await folder.RunAsync("run", Config, "--plugin", folder.At("guest"), "--strategy", "hybrid_mesh,hybrid_guest,hybrid_guest@1.0.0", "--seeds", "2");
        Assert.AreEqual(0, code, error);
        var (builtIn, plugin) = (folder.Metrics("hybrid_mesh"), folder.Metrics("hybrid_guest"));
        Assert.AreEqual(builtIn.GetProperty("figures").GetRawText(), plugin.GetProperty("figures").GetRawText());
        Assert.AreEqual(plugin.GetProperty("figures").GetRawText(), folder.Metrics("hybrid_guest@1.0.0").GetProperty("figures").GetRawText());
        Assert.IsGreaterThan(0, plugin.GetProperty("plugin").GetProperty("asked").GetInt64());
        Assert.AreEqual("{}", plugin.GetProperty("plugin").GetProperty("fallbacks").GetRawText());
        Assert.IsFalse(builtIn.TryGetProperty("plugin", out _));
        Assert.Contains("# plugin hybrid_guest@1.0.0 ", await File.ReadAllTextAsync(folder.At("out/config.yaml")));
    }

    [TestMethod]
    public async Task Run_PluginThatTraps_HasTheFiguresOfItsFallbackAndTheReportSaysSo()
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.Text("unreachable"), "trap_mesh");
        var config = Config.Replace("[baseline_rr]", "[least_queue, {name: trap_mesh, fallback: least_queue}]", StringComparison.Ordinal);
        var (code, output, error) = await folder.RunAsync("run", config, "--plugin", folder.At("guest"));
        Assert.AreEqual(0, code, error);
        var plugin = folder.Metrics("trap_mesh");
        Assert.AreEqual(folder.Metrics("least_queue").GetProperty("figures").GetRawText(), plugin.GetProperty("figures").GetRawText());
        var asked = plugin.GetProperty("plugin").GetProperty("asked").GetInt64();
        Assert.IsGreaterThan(100, asked);
        // The clock of the machine leaves no plugin alone: each ranking is its own.
        Assert.AreEqual(asked, plugin.GetProperty("plugin").GetProperty("fallbacks").GetProperty("trap").GetInt64());
        Assert.Contains($"trap_mesh is a plugin whose fallback answered {asked} of {asked} rankings (trap {asked})", output);
        Assert.Contains("trap_mesh is a plugin whose fallback answered", await File.ReadAllTextAsync(folder.At("out/report.html")));
    }

    [TestMethod]
    public async Task Sweep_PluginThatTraps_SaysWhoseTheFiguresAre()
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.Text("unreachable"), "trap_mesh");
        var (code, _, error) = await folder.RunAsync("sweep", Config, "--plugin", folder.At("guest"), "--matrix", "strategies=trap_mesh,hybrid_mesh; rho=0.5", "--seeds", "1", "--quiet");
        Assert.AreEqual(0, code, error);
        Assert.AreEqual("infermesh: rho=0.5: trap_mesh is a plugin whose fallback answered 100.0 % of its rankings: to that extent the figures are the fallback's.", error.Trim());
        Assert.Contains("trap_mesh is a plugin whose fallback answered 100.0 %", await File.ReadAllTextAsync(folder.At("out/sweep.html")));
        var rows = await File.ReadAllLinesAsync(folder.At("out/sweep.csv"));
        var column = Array.IndexOf(rows[0].Split(','), "fallback_share");
        CollectionAssert.AreEqual(new[] { "1", "0" }, rows.Skip(1).Select(r => r.Split(',')[column]).ToArray());
    }

    [TestMethod]
    public async Task Experiment_PluginAgainstTheBuiltIn_IsSplitAndSaysWhereTheFallbackAnswered()
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.TrapsForEveryFourthSeed(), "guest_mesh");
        var (code, output, error) = await PluginFolder.RunAsync(["experiment", "--config", folder.Config(Config), "--plugin", folder.At("guest"), "--control", "mesh", "--challenger", "guest_mesh@1.0.0"]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.StartsWith("mesh (control) against guest_mesh@1.0.0 (challenger)", output);
        Assert.MatchesRegex("- seed 7: fallbacks of plugins answered [0-9]+ of all [0-9]+ rankings that plugins were asked for \\(trap [0-9]+\\)", output);
    }

    [TestMethod]
    public async Task Study_WithAPlugin_HasItBesideTheOthersAndNotInTheMeshFamily()
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.Text(Packages.Pick()), "guest_mesh");
        using var shell = new SimShell();
        shell.Answer = static (config, options) => [.. config.Strategies.SelectMany(s => options.Seeds!.Select(seed => MadeResults.Make(s.Name, seed, s.Name == "guest_mesh" ? 9 : 2)))];
        var (code, output, error) = await shell.RunAsync(["study", "--quick", "--only", "rho=0.8 workload=short_chat staleness=1s", "--plugin", folder.At("guest"), "--seeds", "2", "--quiet", "--output", shell.At("some")]);
        Assert.AreEqual((0, ""), (code, error));
        var table = await File.ReadAllLinesAsync(shell.At("some/study.csv"));
        Assert.HasCount(2 + SimOptions.AllStrategies.Count, table);
        Assert.IsTrue(table.Any(static line => line.Contains(",guest_mesh,", StringComparison.Ordinal)));
        Assert.Contains("the mesh family loses to round robin in 0 of its comparisons", output);
    }

    [TestMethod]
    public async Task Jobs_BinpackAsAPlugin_PlacesAsTheBuiltIn()
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.Prebuilt("binpack_c.wasm"), "binpack_guest", PluginKind.Training);
        folder.Write("broken", Module.ConvertText("""
            (module (memory (export "memory") 4) (func (export "im_abi_version") (result i32) i32.const 1)
              (func (export "im_reserve") (param i32) (result i32) i32.const 65536) (func (export "im_place") (param $g i32) (result i32) unreachable))
            """), "broken_pack", PluginKind.Training);
        var (code, output, error) = await folder.RunAsync(
            "jobs", "seed: 3\njobs: { count: 12 }\n", "--plugin", folder.At("guest"), "--plugin", folder.At("broken"), "--strategies", "binpack,binpack_guest,topology_best_fit,broken_pack");
        Assert.AreEqual(0, code, error);
        using var metrics = JsonDocument.Parse(await File.ReadAllTextAsync(folder.At("out/metrics.json")));
        var strategies = metrics.RootElement.GetProperty("strategies").EnumerateArray().ToDictionary(static s => s.GetProperty("strategy").GetString()!);
        Assert.AreEqual(strategies["binpack"].GetProperty("figures").GetRawText(), strategies["binpack_guest"].GetProperty("figures").GetRawText());
        Assert.AreEqual(strategies["topology_best_fit"].GetProperty("figures").GetRawText(), strategies["broken_pack"].GetProperty("figures").GetRawText());
        Assert.AreEqual(0, strategies["binpack_guest"].GetProperty("plugin").GetProperty("fallbacks").EnumerateObject().Count());
        Assert.Contains("broken_pack is a plugin whose fallback answered", output);
    }

    [TestMethod]
    [DataRow("run --config CONFIG --plugin /nowhere", "'/nowhere' cannot be loaded")]
    [DataRow("run --config CONFIG --plugin GUEST --plugin GUEST", "given twice")]
    [DataRow("run --config CONFIG --plugin GUEST --strategy guest_mesh@2.0.0", "guest_mesh@1.0.0")]
    [DataRow("experiment --config CONFIG --plugin GUEST --control mesh --challenger guest_mesh@2.0.0", "--challenger: there is no strategy 'guest_mesh@2.0.0'")]
    [DataRow("experiment --config CONFIG --control mesh --challenger guest_mesh", "--challenger: there is no strategy 'guest_mesh'")]
    [DataRow("study --quick --output x --plugin /nowhere", "'/nowhere' cannot be loaded")]
    [DataRow("study --quick --output x --plugin GUEST --docs y", "--docs")]
    [DataRow("validate --config CONFIG", "'guest_mesh' is not a strategy")]
    [DataRow("validate --config CONFIG --plugin GUEST", "guest_mesh takes no parameters")]
    public async Task Sim_WrongPlugin_IsOneLineAndExitsTwo(string commandLine, string named)
    {
        using var folder = new PluginFolder();
        folder.Write("guest", Packages.Text(Packages.Pick()), "guest_mesh");
        var config = commandLine.StartsWith("validate", StringComparison.Ordinal) ? "strategies: [{name: guest_mesh, parameters: {tail: 1}}]\n" : Config;
        var (code, output, error) = await PluginFolder.RunAsync(commandLine.Replace("GUEST", folder.At("guest"), StringComparison.Ordinal).Replace("CONFIG", folder.Config(config), StringComparison.Ordinal).Split(' '));
        Assert.AreEqual((2, ""), (code, output), error);
        Assert.Contains(named, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Packages, a configuration and results.</summary>
    private sealed class PluginFolder : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("infermesh-sim-plugins-").FullName;

        public string At(string file) => Path.Combine(_root, file);

        public string Config(string yaml)
        {
            File.WriteAllText(At("config.yaml"), yaml);
            return At("config.yaml");
        }

        public void Write(string folder, byte[] module, string name, PluginKind kind = PluginKind.Routing, IReadOnlyList<InferMesh.Strategies.StrategyParameter>? parameters = null)
        {
            Directory.CreateDirectory(At(folder));
            var files = new Dictionary<string, byte[]> { ["main.wasm"] = module };
            var manifest = new PluginManifest { Name = name, Version = "1.0.0", Kind = kind, Runtime = PluginRuntime.Wasm, Main = "main.wasm", Files = Packages.Hashes(files), Parameters = parameters ?? [] };
            File.WriteAllBytes(At($"{folder}/main.wasm"), module);
            File.WriteAllBytes(At($"{folder}/{PluginManifest.FileName}"), manifest.ToJson());
        }

        public Task<(int Code, string Output, string Error)> RunAsync(string command, string config, params string[] more) => RunAsync([command, "--config", Config(config), "--output", At("out"), .. more]);

        public static async Task<(int Code, string Output, string Error)> RunAsync(string[] args)
        {
            using StringWriter output = new(), error = new();
            var code = await InferMeshCommand.RunAsync(InferMeshCommand.Create(SimCommand.Create()), ["sim", .. args], output, error, CancellationToken.None);
            return (code, output.ToString(), error.ToString());
        }

        public JsonElement Metrics(string strategy)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(At($"out/{strategy}/metrics.json")));
            return document.RootElement.Clone();
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
