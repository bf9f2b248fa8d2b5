using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>An experiment in the console, from its form to its end.</summary>
[TestClass]
public sealed class ConsoleExperimentTests
{
    private const string Name = "console-experiment";
    private const string Tenant = "console-experiments";
    private const int Enough = 130;

    [TestMethod]
    public async Task Experiment_BegunInTheConsole_IsShownWithItsIntervals_StoppedAndDeleted()
    {
        var mesh = await SharedMesh.GetAsync();
        var (page, complaints) = await ConsoleBrowser.OpenAsync(mesh.Api.BaseAddress!, "#/experiments/new/object");
        var said = page.Locator(".said");
        ILocator Button(string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
        await page.EvaluateAsync("() => localStorage.setItem('infermesh.editor', 'form')");
        await page.ReloadAsync();

        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(Name);
        await said.GetByText("It is valid.").WaitForAsync();
        await page.GetByLabel("Least gain that wins").FillAsync("-1");
        await page.Locator(".field-problem").GetByText("0 to 10").WaitForAsync();
        complaints.RemoveAll(c => c.Contains("400", StringComparison.Ordinal));
        await page.GetByLabel("Least gain that wins").FillAsync("");
        await said.GetByText("It is valid.").WaitForAsync();
        await LooksAsync(page, "new-experiment", ".arm");

        await page.GetByRole(AriaRole.Button, new() { Name = "Take out llama-*" }).ClickAsync();
        await page.GetByLabel("Tenants").FillAsync(Tenant);
        await page.GetByLabel("Tenants").PressAsync("Enter");
        await page.GetByRole(AriaRole.Group, new() { Name = "Challenger 1" }).GetByLabel("Strategy").SelectOptionAsync("baseline_rr");
        await Button("JSON").ClickAsync();
        var text = page.GetByLabel("Content of the experiment");
        var written = JsonDocument.Parse(await text.InputValueAsync()).RootElement;
        Assert.AreEqual((Tenant, "baseline_rr"), (written.GetProperty("tenants")[0].GetString(), written.GetProperty("arms")[1].GetProperty("strategy").GetString()));
        await text.FillAsync((await text.InputValueAsync()).Replace("\"ttft_p95\"", "\"e2e_gmean\", \"minRequestsPerArm\": 100", StringComparison.Ordinal));
        await said.GetByText("It is valid.").WaitForAsync();
        await Button("Create").ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { NameRegex = new($"^{Name} running") }).WaitForAsync();
        await page.GetByText("Nothing is compared before").WaitForAsync();

        await SendAsync(mesh.Api);
        await page.Locator(".interval-range").Nth(1).WaitForAsync(new() { Timeout = 60_000 });
        var comparisons = await page.GetByRole(AriaRole.Region, new() { Name = "Comparisons" }).InnerTextAsync();
        Assert.Contains("e2e_gmean", comparisons);
        Assert.Contains("error_rate", comparisons);
        await LooksAsync(page, "experiment", ".interval", ofDocs: true);

        await Button("Pause").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "pause experiment", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { NameRegex = new($"^{Name} running paused") }).WaitForAsync();
        Assert.IsTrue((await mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/experiments/{Name}")).TryGetProperty("pausedAt", out _));
        await LooksAsync(page, "experiment-paused", ".interval");
        await Button("Resume").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "resume experiment", Exact = true }).ClickAsync();
        await Button("Pause").WaitForAsync();

        await page.GotoAsync(new Uri(mesh.Api.BaseAddress!, "/#/experiments").ToString());
        await LooksAsync(page, "experiments", "table a");
        await page.GetByRole(AriaRole.Link, new() { Name = Name }).ClickAsync();
        await Button("Stop").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Reason").FillAsync("seen enough");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "stop experiment", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { NameRegex = new($"^{Name} stopped") }).WaitForAsync();
        Assert.Contains("seen enough", await page.GetByRole(AriaRole.Region, new() { Name = "What changed" }).InnerTextAsync());
        Assert.AreEqual(0, await Button("Promote").CountAsync());
        Assert.AreEqual("stopped", (await mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/experiments/{Name}")).GetProperty("stage").GetString());

        await Button("Delete").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "delete experiment", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Experiments", Level = 1 }).WaitForAsync();
        using var gone = await mesh.Api.GetAsync($"/api/v1/experiments/{Name}");
        Assert.AreEqual(404, (int)gone.StatusCode);
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    /// <summary>In light and dark colours, at the width of a desk and of a phone.</summary>
    private static async Task LooksAsync(IPage page, string name, string shows, bool ofDocs = false)
    {
        await page.Locator(shows).First.WaitForAsync();
        await page.ShootAsync(name, ofDocs);
        Assert.IsEmpty(await page.ViolationsAsync(), $"{name}, light");
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.Locator("html[data-theme=dark]").WaitForAsync();
        Assert.IsEmpty(await page.ViolationsAsync(), $"{name}, dark");
        await page.SetViewportSizeAsync(ConsoleBrowser.Phone.Width, ConsoleBrowser.Phone.Height);
        await page.GetByRole(AriaRole.Button, new() { Name = "Menu" }).WaitForAsync();
        await page.ShootAsync($"{name}-phone");
        Assert.AreEqual(0, await page.OverflowAsync(), $"{name} on a phone is wider than its screen.");
        Assert.IsEmpty(await page.ViolationsAsync(), $"{name}, phone");
        await page.SetViewportSizeAsync(ConsoleBrowser.Wide.Width, ConsoleBrowser.Wide.Height);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await page.Locator("html[data-theme=light]").WaitForAsync();
    }

    /// <summary>So many requests that each arm has what it takes to be compared.</summary>
    private static async Task SendAsync(HttpClient api)
    {
        var body = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = 2, messages = new[] { new { role = "user", content = "Hello" } } });
        var json = await body.ReadAsStringAsync();
        for (var rounds = 0; ; rounds++)
        {
            var shown = await api.GetFromJsonAsync<JsonElement>($"/api/v1/experiments/{Name}");
            if (shown.GetProperty("arms").EnumerateArray().All(a => a.GetProperty("requests").GetInt64() >= Enough)) return;
            Assert.IsLessThan(100, rounds, "Outcomes do not arrive.");
            await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancel) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
                request.Headers.Add("x-infermesh-tenant", Tenant);
                using var response = await api.SendAsync(request, cancel);
            });
        }
    }
}
