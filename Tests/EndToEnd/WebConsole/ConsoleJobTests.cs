using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>A training job that runs, as the console draws it.</summary>
[TestClass]
public sealed class ConsoleJobTests
{
    [TestMethod]
    public async Task Job_ThatRuns_IsDrawnWithItsRanksAndItsLife_AndCancelled()
    {
        var mesh = await TrainingMesh.GetAsync();
        var id = await mesh.SubmitAsync(new { name = "console-job", tenant = "console-tests", workers = 2, gpusPerWorker = 2, command = new[] { "infermesh-trainer", "--steps", "100000", "--step-ms", "50" } });
        await mesh.UntilJobAsync(id, static job => job.State() == "running", "running");
        var (page, complaints) = await ConsoleBrowser.OpenAsync(mesh.Api.BaseAddress!, $"#/jobs/{id}");
        await page.Locator(".topology .rank").Nth(3).WaitForAsync();
        CollectionAssert.AreEqual(new[] { "0", "1", "2", "3" }, (await page.Locator(".topology .rank").AllTextContentsAsync()).ToArray());
        await page.Locator(".timeline .lane .span.state-running").WaitForAsync();
        await page.Locator(".events").GetByText("submitted").WaitForAsync();
        await page.ShootAsync("job", ofDocs: true);
        Assert.IsEmpty(await page.ViolationsAsync(), "light");
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.SetViewportSizeAsync(ConsoleBrowser.Phone.Width, ConsoleBrowser.Phone.Height);
        await page.GetByRole(AriaRole.Button, new() { Name = "Menu" }).WaitForAsync();
        await page.ShootAsync("job-phone");
        Assert.AreEqual(0, await page.OverflowAsync());
        Assert.IsEmpty(await page.ViolationsAsync(), "dark, phone");

        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel job" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Reason").FillAsync("seen enough");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "cancel job", Exact = true }).ClickAsync();
        await page.Locator("h1").GetByText("cancelled").WaitForAsync();
        await page.GetByText("complete", new() { Exact = true }).WaitForAsync();
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }
}
