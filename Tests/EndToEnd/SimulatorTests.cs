using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using InferMesh.Tests.Shared;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd;

/// <summary><c>infermesh sim</c> as a process, its page in a browser, and the commands of its documentation.</summary>
[TestClass]
public sealed class SimulatorTests
{
    private const string Small = """
        seed: 7
        duration_s: 10
        strategies: [baseline_rr, mesh, oracle]
        workload: { arrival: { type: poisson, rho: 0.7 } }
        topology: { cells: 2, nodes_per_cell: 2, gpu_profiles: [{ name: H100-80G }, { name: L40S-48G }] }
        """;

    private string _folder = "";

    [TestInitialize]
    public void Begin() => _folder = Directory.CreateTempSubdirectory("infermesh-sim-").FullName;

    [TestCleanup]
    public void End() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [Timeout(600_000)]
    public async Task DocsPage_ShellBlocks_SucceedInOrder()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "simulator.md"));
        var blocks = DocPages.ToRun(text);
        Assert.IsGreaterThanOrEqualTo(3, blocks.Length);
        var script = $"set -euo pipefail\ninfermesh() {{ dotnet '{Cli}' \"$@\"; }}\n{string.Concat(blocks)}";
        var (code, output) = await BashAsync(script);
        Assert.AreEqual(0, code, output);
        foreach (var file in new[] { "results/report.html", "results/hybrid_mesh/metrics.json", "sweep/sweep.html", "sweep/sweep.csv", "compared.csv", "published/comparison.csv", "honest/comparison.csv" })
            Assert.IsTrue(File.Exists(Path.Combine(_folder, file)), file);
    }

    [TestMethod]
    [Timeout(600_000)]
    public async Task DocsPage_OfRecordings_ShellBlocksSucceedInOrder()
    {
        var blocks = DocPages.ToRun(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "replay-decisions.md")));
        Assert.HasCount(5, blocks);
        await WritePackageAsync("my_mesh");
        var (code, output) = await BashAsync($"set -euo pipefail\ninfermesh() {{ dotnet '{Cli}' \"$@\"; }}\n{string.Concat(blocks)}");
        Assert.AreEqual(0, code, output);
        Assert.Contains("identical, bit for bit: ", output);
        Assert.MatchesRegex(@"not made again: [0-9,]+, of plugin my_mesh@1\.0\.0 with digest [0-9a-f]{64}: give its package with --plugin", output);
        foreach (var file in new[] { "decisions.parquet", "again.jsonl", "results-again/comparison.csv" }) Assert.IsTrue(File.Exists(Path.Combine(_folder, file)), file);
    }

    /// <summary>Writes hybrid_mesh in C as the package of a plugin.</summary>
    private async Task WritePackageAsync(string name)
    {
        var module = await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "Plugins", "prebuilt", "hybrid_mesh_c.wasm"));
        (string Name, double Default)[] parameters =
        [
            ("network_weight", 1), ("cold_start_weight", 1), ("seconds_per_dollar", 100), ("throughput_weight", 1), ("uncertainty_per_second", 0.02),
            ("learning_rate", 0.05), ("max_correction", 1.5), ("memory_seconds", 120), ("tail_weight", 0.25), ("failure_seconds", 5),
        ];
        var manifest = new
        {
            name,
            version = "1.0.0",
            kind = "routing",
            runtime = "wasm",
            main = "main.wasm",
            files = new Dictionary<string, string> { ["main.wasm"] = Convert.ToHexStringLower(SHA256.HashData(module)) },
            parameters = parameters.Select(static p => new { name = p.Name, unit = "", @default = p.Default, min = 0, max = 1000, description = "" }),
        };
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "main.wasm"), module);
        await File.WriteAllTextAsync(Path.Combine(folder, "plugin.json"), JsonSerializer.Serialize(manifest));
    }

    [TestMethod]
    [Timeout(300_000)]
    public async Task Run_TwiceWithOtherThreads_GivesTheSameBytes()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "small.yaml"), Small);
        var (code, output) = await BashAsync($"set -e\nfor t in 1 2; do dotnet '{Cli}' sim run --config small.yaml --seeds 2 --threads $t --output run-$t --quiet; done\ndiff -r run-1 run-2");
        Assert.AreEqual(0, code, output);
    }

    [TestMethod]
    [Timeout(300_000)]
    public async Task Run_Interrupted_LeavesMarkedResultsAndExits130()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "long.yaml"), Small.Replace("duration_s: 10", "duration_s: 1000000", StringComparison.Ordinal));
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Cli, "sim", "run", "--config", "long.yaml", "--output", "out"])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        string? line;
        do line = await process.StandardError.ReadLineAsync();
        while (line is not null && !line.StartsWith("Simulation progress [", StringComparison.Ordinal));
        Assert.IsNotNull(line, "the run ended before it said anything");
        using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"])) await kill.WaitForExitAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.AreEqual(130, process.ExitCode, error + await output);
        Assert.Contains("marked incomplete", error);
        Assert.Contains("Incomplete:", await File.ReadAllTextAsync(Path.Combine(_folder, "out", "report.html")));
        Assert.Contains(",false,", await File.ReadAllTextAsync(Path.Combine(_folder, "out", "comparison.csv")));
    }

    [TestMethod]
    [Timeout(300_000)]
    public async Task Report_InABrowser_SortsAndHidesWithoutAskingTheNetwork()
    {
        if (ExternalProcess.Find("chromium") is not { } chromium)
        {
            Assert.Inconclusive("chromium is not on PATH (Debian: apt-get install chromium)");
            return;
        }
        await File.WriteAllTextAsync(Path.Combine(_folder, "small.yaml"), Small);
        var (code, said) = await BashAsync($"dotnet '{Cli}' sim run --config small.yaml --seeds 2 --output out --quiet");
        Assert.AreEqual(0, code, said);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1400, Height = 1600 } });
        var (errors, requests) = (new List<string>(), new List<string>());
        page.PageError += (_, error) => errors.Add(error);
        page.Console += (_, message) => { if (message.Type == "error") errors.Add(message.Text); };
        page.Request += (_, request) => requests.Add(request.Url);
        await page.GotoAsync($"file://{_folder}/out/report.html");

        Assert.HasCount(1, requests, string.Join(' ', requests));
        Assert.Contains("synthetic", await page.Locator("h1").InnerTextAsync());
        var names = page.Locator("#comparison tbody th");
        CollectionAssert.AreEqual(new[] { "baseline_rr", "mesh", "oracle" }, (await names.AllInnerTextsAsync()).ToArray());
        var sort = page.Locator("#comparison thead button").First;
        await sort.ClickAsync();
        await sort.ClickAsync();
        CollectionAssert.AreEqual(new[] { "oracle", "mesh", "baseline_rr" }, (await names.AllInnerTextsAsync()).ToArray());

        var line = page.Locator(".charts g.line[data-strategy=mesh]").First;
        Assert.IsTrue(await line.IsVisibleAsync());
        await page.Locator(".legend button[data-strategy=mesh]").ClickAsync();
        Assert.IsFalse(await line.IsVisibleAsync());
        Assert.IsGreaterThanOrEqualTo(3, await page.Locator("svg.heat").CountAsync());
        // Nothing but wide tables may need scrolling sideways.
        Assert.IsTrue(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
        Assert.IsEmpty(errors, string.Join("\n", errors));
    }

    private static string Cli => Repository.Assembly("Cli", "InferMesh.Cli");

    private async Task<(int Code, string Output)> BashAsync(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(bash.StandardOutput.ReadToEndAsync(), bash.StandardError.ReadToEndAsync());
        await bash.WaitForExitAsync();
        return (bash.ExitCode, string.Concat(output));
    }
}
