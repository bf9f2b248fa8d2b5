using System.Text.Json;
using InferMesh.Tests.Shared;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>Headless Chromium with the console, started once: pages whose every complaint is kept, and axe-core to look at them.</summary>
internal static class ConsoleBrowser
{
    public static readonly ViewportSize Wide = new() { Width = 1280, Height = 860 };
    public static readonly ViewportSize Phone = new() { Width = 390, Height = 844 };

    // Chromium's own background traffic is of no use here, and root has no sandbox.
    private static readonly string[] Arguments =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

    private static readonly string AxePath = Path.Combine(Repository.Root, "Api", "Console", "web", "node_modules", "axe-core", "axe.min.js");

    private static readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> Started = new(StartAsync);

    /// <summary>A new page at an address of the console, with its complaints; an inconclusive test without a browser.</summary>
    internal static async Task<(IPage Page, List<string> Complaints)> OpenAsync(Uri address, string hash, ViewportSize? size = null, ColorScheme theme = ColorScheme.Light)
    {
        if (ExternalProcess.Find("chromium") is null) Assert.Inconclusive("chromium is not on PATH (Debian: apt-get install chromium)");
        var (_, browser) = await Started.Value;
        var page = await browser.NewPageAsync(new() { ViewportSize = size ?? Wide, ColorScheme = theme });
        page.SetDefaultTimeout(30_000);
        var complaints = new List<string>();
        page.PageError += (_, error) => complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") complaints.Add($"{message.Type}: {message.Text} ({message.Location})");
        };
        await page.GotoAsync(new Uri(address, "/" + hash).ToString());
        return (page, complaints);
    }

    /// <summary>Violations of WCAG 2.2 A and AA that axe-core calls serious or worse.</summary>
    internal static async Task<IReadOnlyList<string>> ViolationsAsync(this IPage page)
    {
        if (!File.Exists(AxePath)) Assert.Inconclusive("axe-core is not installed: eng/install-test-tools.sh");
        // Colours of an element on its way from one theme to the other are nobody's.
        await page.EvaluateAsync("() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))");
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window")) await page.EvaluateAsync(await File.ReadAllTextAsync(AxePath));
        var found = await page.EvaluateAsync<JsonElement>("() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }).then((r) => r.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html.slice(0, 200) + ' ' + (n.any[0]?.message ?? '')) })))");
        return [.. found.EnumerateArray().Where(v => v.GetProperty("impact").GetString() is "serious" or "critical").Select(v => v.ToString())];
    }

    /// <summary>Pixels by which the page is wider than the screen.</summary>
    internal static Task<int> OverflowAsync(this IPage page) => page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - innerWidth)");

    /// <summary>Keeps a picture of the page among the results, and as one of the docs' when INFERMESH_UPDATE_IMAGES is 1.</summary>
    internal static Task ShootAsync(this IPage page, string name, bool ofDocs = false) => page.ScreenshotAsync(new() { Path = PathOf(name, ofDocs), Animations = ScreenshotAnimations.Disabled });

    /// <inheritdoc cref="ShootAsync(IPage, string, bool)"/>
    internal static Task ShootAsync(this ILocator part, string name, bool ofDocs = false) => part.ScreenshotAsync(new() { Path = PathOf(name, ofDocs), Animations = ScreenshotAnimations.Disabled });

    /// <summary>Called when all tests are over.</summary>
    internal static async Task StopAsync()
    {
        if (Started is not { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) return;
        var (playwright, browser) = await Started.Value;
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    private static string PathOf(string picture, bool ofDocs) => Path.Combine(
        Repository.Root, ofDocs && Environment.GetEnvironmentVariable("INFERMESH_UPDATE_IMAGES") == "1" ? "docs/img" : "artifacts/console", $"console-{picture}.png");

    private static async Task<(IPlaywright Playwright, IBrowser Browser)> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = ExternalProcess.Find("chromium"), Args = Arguments }));
    }
}
