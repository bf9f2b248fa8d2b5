using InferMesh.Tests.Shared;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Swagger UI as a person uses it, in headless Chromium.</summary>
[TestClass]
public sealed class SwaggerTests
{
    // Chromium's own background traffic is of no use here, and root has no sandbox.
    private static readonly string[] ChromiumArguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    [TestMethod]
    public async Task SwaggerUi_ShowsPoliciesAndNodes_AndExecutesAPolicyCall()
    {
        if (ExternalProcess.Find("chromium") is not { } chromium)
        {
            Assert.Inconclusive("chromium is not on PATH (Debian: apt-get install chromium)");
            return;
        }
        var mesh = await SharedMesh.GetAsync();
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = ChromiumArguments });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1280, Height = 1600 } });
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);
        page.SetDefaultTimeout(60_000);

        await page.GotoAsync($"{mesh.Api.BaseAddress}swagger");
        await page.WaitForSelectorAsync(".opblock");
        var paths = await page.Locator(".opblock-summary-path").AllInnerTextsAsync();
        var shown = paths.Select(p => p.Replace("\u200b", "", StringComparison.Ordinal).Trim()).ToArray();
        CollectionAssert.IsSubsetOf(new[] { "/api/v1/nodes", "/api/v1/policies", "/api/v1/policies/{name}", "/api/v1/route:dryRun", "/v1/chat/completions" }, shown);

        // The first operation on /api/v1/policies: its GET.
        var block = page.Locator(".opblock.opblock-get").Filter(new() { Has = page.Locator("[data-path='/api/v1/policies']") }).First;
        await block.Locator(".opblock-summary-control").ClickAsync();
        await block.GetByRole(AriaRole.Button, new() { Name = "Try it out" }).ClickAsync();
        await block.GetByRole(AriaRole.Button, new() { Name = "Execute" }).ClickAsync();
        var status = block.Locator(".live-responses-table tr.response .response-col_status");
        await status.WaitForAsync();
        StringAssert.Contains(await status.InnerTextAsync(), "200");
        StringAssert.Contains(await block.Locator(".live-responses-table .highlight-code").First.InnerTextAsync(), "items");
        Assert.IsEmpty(errors, string.Join("\n", errors));
    }
}
