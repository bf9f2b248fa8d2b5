using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>Every page of the console with the synthetic fleet under load: in light and dark colours, at the width of a desk and of a phone.</summary>
[TestClass]
public sealed class ConsolePageTests
{
    private static MeshProcess s_mesh = null!;
    private static Traffic s_traffic = null!;
    private static string s_decision = "";

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        s_mesh = await SharedMesh.GetAsync();
        s_traffic = new(s_mesh.Api);
        await PutAsync("tenants/console-tests", new { description = "Tests of the console", limits = new { concurrentRequests = 64, tokensPerDay = 20_000_000 } });
        await PutAsync("policies/console-pages", new { kind = "slo", sloClasses = new[] { "console" }, slo = new { ttftMs = 500 } });
        await PutAsync("endpoints/console-chat", new { models = new[] { new { model = SharedMesh.Model } } });
        await ExternalProcess.UntilAsync(async () =>
        {
            var decisions = await s_mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/decisions?tenant=console-tests&limit=50");
            s_decision = decisions.GetProperty("items").EnumerateArray().Where(d => d.TryGetProperty("outcome", out var o) && o.GetProperty("status").GetString() == "success").Select(d => d.GetProperty("id").GetString()!).FirstOrDefault("");
            return s_decision.Length > 0;
        }, TimeSpan.FromMinutes(1), "a decision with its outcome");
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        await s_traffic.DisposeAsync();
        foreach (var path in new[] { "tenants/console-tests", "policies/console-pages", "endpoints/console-chat" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/{path}") { Headers = { IfMatch = { System.Net.Http.Headers.EntityTagHeaderValue.Any } } };
            using var response = await s_mesh.Api.SendAsync(request);
        }
    }

    [TestMethod]
    [DataRow("fleet", "#/", ".heat canvas", false)]
    [DataRow("nodes", "#/nodes", "[role=table] [role=cell] a", true)]
    [DataRow("node", "#/nodes/syn-c1-n1", ".chart-host canvas", true)]
    [DataRow("models", "#/models", "table a", true)]
    [DataRow("model", "#/models/" + SharedMesh.Model, ".chart-host canvas", false)]
    [DataRow("decisions", "#/decisions", "[role=table] [role=cell] a", false)]
    [DataRow("decision", "#/decisions/{decision}", ".bar-row", true)]
    [DataRow("policies", "#/policies", "table a", false)]
    [DataRow("policy", "#/policies/console-pages", ".form fieldset", false)]
    [DataRow("new-policy", "#/policies/new/object", ".form fieldset", false)]
    [DataRow("endpoints", "#/endpoints", "table a", false)]
    [DataRow("endpoint", "#/endpoints/console-chat", ".form fieldset", false)]
    [DataRow("jobs", "#/jobs", "h2:text-matches('jobs')", false)]
    [DataRow("tenants", "#/tenants", ".meter", true)]
    [DataRow("tenant", "#/tenants/console-tests", ".meter", false)]
    [DataRow("events", "#/events", ".events li", true)]
    [DataRow("no-reports", "#/reports", ".drop", false)]
    public async Task Page_UnderLoad_HasNoErrorAndIsForEverybody(string name, string hash, string shows, bool ofDocs)
    {
        var (page, complaints) = await ConsoleBrowser.OpenAsync(s_mesh.Api.BaseAddress!, hash.Replace("{decision}", Uri.EscapeDataString(s_decision), StringComparison.Ordinal));
        await page.Locator(shows).First.WaitForAsync();
        await page.GetByText("Development mode").WaitForAsync();
        // A picture of charts is of some use when there is a line in them.
        if (ofDocs && shows.Contains("canvas", StringComparison.Ordinal)) await page.WaitForTimeoutAsync(25_000);
        await page.ShootAsync(name, ofDocs);
        Assert.IsEmpty(await page.ViolationsAsync(), $"{name}, light");

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.Locator("html[data-theme=dark]").WaitForAsync();
        await page.ShootAsync($"{name}-dark", name == "fleet");
        Assert.IsEmpty(await page.ViolationsAsync(), $"{name}, dark");

        await page.SetViewportSizeAsync(ConsoleBrowser.Phone.Width, ConsoleBrowser.Phone.Height);
        await page.GetByRole(AriaRole.Button, new() { Name = "Menu" }).WaitForAsync();
        await page.ShootAsync($"{name}-phone");
        Assert.AreEqual(0, await page.OverflowAsync(), $"{name} on a phone is wider than its screen.");
        Assert.IsEmpty(await page.ViolationsAsync(), $"{name}, phone");

        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Keyboard_Alone_ReachesAPageAndItsContent()
    {
        var (page, complaints) = await ConsoleBrowser.OpenAsync(s_mesh.Api.BaseAddress!, "#/");
        await page.Locator(".heat canvas").WaitForAsync();
        await page.Keyboard.PressAsync("Tab");
        Assert.AreEqual("Skip to the content", await page.Locator(":focus").InnerTextAsync());
        await page.Keyboard.PressAsync("Enter");
        Assert.AreEqual("main", await page.Locator(":focus").GetAttributeAsync("id"));
        await page.Locator("nav").GetByRole(AriaRole.Link, new() { Name = "Nodes", Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { NameRegex = new("^Nodes"), Level = 1 }).WaitForAsync();
        Assert.AreEqual("main", await page.Locator(":focus").GetAttributeAsync("id"), "Who comes by keyboard begins at the top of the new page.");
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Node_CordonedInTheConsole_TakesNoNewWork_UntilItIsUncordoned()
    {
        var (page, complaints) = await ConsoleBrowser.OpenAsync(s_mesh.Api.BaseAddress!, "#/nodes/syn-c0-n0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cordon", Exact = true }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("a test of the console");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "cordon", Exact = true }).ClickAsync();
        await page.Locator("h1").GetByText("cordoned").WaitForAsync();
        Assert.AreEqual("a test of the console", (await s_mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/nodes/syn-c0-n0")).GetProperty("reason").GetString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Uncordon" }).ClickAsync();
        await page.Locator("h1").GetByText("ready").WaitForAsync();
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Report_OpenedFromAFile_IsShownWithoutItsScripts()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-report-").FullName;
        try
        {
            var (report, metrics, other) = (Path.Combine(folder, "report.html"), Path.Combine(folder, "metrics.json"), Path.Combine(folder, "other.json"));
            await File.WriteAllTextAsync(report, """<!doctype html><html><head><style>h1{color:rgb(1,2,3)}</style></head><body><h1>Simulation report</h1><img src="x" onerror="document.body.append('script ran')"><script>document.body.append('script ran')</script></body></html>""");
            await File.WriteAllTextAsync(metrics, """{"schema":"infermesh.sim.metrics/1","synthetic":true,"strategy":"mesh","complete":true,"simulated_seconds":60,"request_counters":{"arrived":10,"completed":9},"figures":{"ttft_p95_ms":{"mean":123.456,"low":null,"high":null}}}""");
            await File.WriteAllTextAsync(other, "{}");
            var (page, _) = await ConsoleBrowser.OpenAsync(s_mesh.Api.BaseAddress!, "#/reports");
            await page.Locator("input[type=file]").SetInputFilesAsync([report, metrics, other]);
            var frame = page.FrameLocator("iframe.report");
            await frame.GetByRole(AriaRole.Heading, new() { Name = "Simulation report" }).WaitForAsync();
            Assert.AreEqual("rgb(1, 2, 3)", await frame.Locator("h1").EvaluateAsync<string>("h => getComputedStyle(h).color"), "A report keeps its styles.");
            Assert.DoesNotContain("script ran", await frame.Locator("body").InnerTextAsync());
            Assert.Contains("123.5", await page.GetByRole(AriaRole.Region, new() { Name = "Figures by strategy" }).InnerTextAsync());
            Assert.Contains("other.json is not a metrics.json", await page.GetByRole(AriaRole.Alert).InnerTextAsync());
            await page.CloseAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task Reports_OfASimulation_AreComparedAndShown()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-report-").FullName;
        try
        {
            var config = Path.Combine(folder, "small.yaml");
            await File.WriteAllTextAsync(config, "seed: 7\nduration_s: 20\nstrategies: [baseline_rr, mesh, hybrid_mesh]\nworkload: { arrival: { type: poisson, rho: 0.7 } }\ntopology: { cells: 2, nodes_per_cell: 2, gpu_profiles: [{ name: H100-80G }, { name: L40S-48G }] }\n");
            await ExternalProcess.RunAsync("dotnet", Repository.Assembly("Cli", "InferMesh.Cli"), "sim", "run", "--config", config, "--seeds", "2", "--output", folder, "--quiet");
            var (page, complaints) = await ConsoleBrowser.OpenAsync(s_mesh.Api.BaseAddress!, "#/reports");
            await page.Locator("input[type=file]").SetInputFilesAsync([.. Directory.GetFiles(folder, "metrics.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal), Path.Combine(folder, "report.html")]);
            await page.FrameLocator("iframe.report").GetByRole(AriaRole.Heading).First.WaitForAsync();
            Assert.AreEqual(3, await page.GetByRole(AriaRole.Region, new() { Name = "Figures by strategy" }).Locator("th.right").CountAsync());
            await page.ShootAsync("reports", ofDocs: true);
            Assert.IsEmpty(await page.ViolationsAsync(), "light");
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            await page.ShootAsync("reports-open-dark");
            await page.SetViewportSizeAsync(ConsoleBrowser.Phone.Width, ConsoleBrowser.Phone.Height);
            await page.ShootAsync("reports-open-phone");
            Assert.AreEqual(0, await page.OverflowAsync());
            // What the frame may not do, it is told: a report brings a script along that is not run.
            complaints.RemoveAll(c => c.Contains("console/report.html", StringComparison.Ordinal));
            Assert.IsEmpty(complaints, string.Join("\n", complaints));
            await page.CloseAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PutAsync(string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/{path}") { Content = JsonContent.Create(body), Headers = { IfNoneMatch = { System.Net.Http.Headers.EntityTagHeaderValue.Any } } };
        using var response = await s_mesh.Api.SendAsync(request);
        Assert.AreEqual(201, (int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
