using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>What the console does when its line breaks.</summary>
[TestClass]
public sealed class ConsoleStreamTests
{
    [TestMethod]
    public async Task Streams_LineBreaks_SaySo_AndGoOnWhereTheyWere()
    {
        var mesh = await SharedMesh.GetAsync();
        await using var line = new CutProxy(mesh.Api.BaseAddress!.Port);
        var (page, _) = await ConsoleBrowser.OpenAsync(line.Address, "#/");
        await page.Locator(".top .stream.live").WaitForAsync();
        await page.Locator(".events li").First.WaitForAsync();

        await line.CutAsync();
        await page.Locator(".top .stream.waiting").WaitForAsync();
        Assert.Contains("reconnecting in", await page.Locator(".top .stream").InnerTextAsync());
        Assert.IsTrue(await page.Locator(".heat canvas").IsVisibleAsync(), "What was seen last stays.");
        try
        {
            // What happens meanwhile is not missed.
            using (var cordoned = await mesh.Api.PostAsJsonAsync("/api/v1/nodes/syn-c0-n2:cordon", new { reason = "the line is cut" })) Assert.IsTrue(cordoned.IsSuccessStatusCode);
            line.Mend();
            await page.Locator(".top .stream.live").WaitForAsync();
            await page.Locator(".events li").GetByText("the line is cut").First.WaitForAsync();
            await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Nodes", Exact = true }).ClickAsync();
            await page.GetByRole(Microsoft.Playwright.AriaRole.Table).GetByText("cordoned").WaitForAsync();
        }
        finally
        {
            using var uncordoned = await mesh.Api.PostAsync("/api/v1/nodes/syn-c0-n2:uncordon", null);
        }
        await page.GetByRole(Microsoft.Playwright.AriaRole.Table).GetByText("cordoned").WaitForAsync(new() { State = Microsoft.Playwright.WaitForSelectorState.Detached });
        await page.CloseAsync();
    }
}
