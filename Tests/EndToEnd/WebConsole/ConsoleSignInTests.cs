using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>Signing in to an API that wants to know who comes: by key, and at a provider.</summary>
[TestClass]
public sealed class ConsoleSignInTests
{
    private const string AdminKey = "admin-key-of-the-console-tests";
    private static FakeProvider s_provider = null!;
    private static EnforcedApi s_api = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        var mesh = await SharedMesh.GetAsync();
        s_provider = await FakeProvider.StartAsync();
        s_api = await EnforcedApi.StartAsync(mesh, [("InferMesh:Api:AdminKeys:0", AdminKey), .. s_provider.Settings]);
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        await s_api.DisposeAsync();
        await s_provider.DisposeAsync();
    }

    [TestMethod]
    public async Task Key_Wrong_IsRefused_AndARightOneOpens_UntilItIsSignedOut()
    {
        var (page, complaints) = await ConsoleBrowser.OpenAsync(s_api.Address, "#/nodes");
        var key = page.GetByLabel("API key or token");
        await key.WaitForAsync();
        await page.ShootAsync("sign-in");
        Assert.IsEmpty(await page.ViolationsAsync());
        await key.FillAsync("key-of-somebody-else");
        await key.PressAsync("Enter");
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        complaints.RemoveAll(c => c.Contains("401", StringComparison.Ordinal));

        await key.FillAsync(AdminKey);
        await key.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { NameRegex = new("^Nodes"), Level = 1 }).WaitForAsync();
        await page.GetByText("syn-c0-n0").First.WaitForAsync();
        Assert.AreEqual(0, await page.GetByText("Development mode").CountAsync());
        Assert.DoesNotContain(AdminKey, page.Url);
        await page.ReloadAsync();
        await page.GetByText("syn-c0-n0").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await key.WaitForAsync();
        Assert.IsNull(await page.EvaluateAsync<string?>("() => sessionStorage.getItem('infermesh.credential')"));
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Provider_SignsAViewerIn_WhoMayLookAndChangeNothing()
    {
        s_provider.Roles = ["viewer"];
        var (page, complaints) = await ConsoleBrowser.OpenAsync(s_api.Address, "#/nodes/syn-c0-n0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "syn-c0-n0" }).WaitForAsync();
        Assert.AreEqual("ada", await page.Locator(".who").InnerTextAsync());
        Assert.AreEqual(1, await page.Locator(".top").GetByText("read-only").CountAsync());
        var cordon = page.GetByRole(AriaRole.Button, new() { Name = "Cordon", Exact = true });
        Assert.AreEqual("true", await cordon.GetAttributeAsync("aria-disabled"));
        Assert.Contains("Needs the permission fleet.operate", (await cordon.GetAttributeAsync("title"))!);
        Assert.DoesNotContain("code=", page.Url);
        Assert.DoesNotContain("state=", page.Url);

        await page.GotoAsync(new Uri(s_api.Address, "/#/policies/new/object").ToString());
        await page.GetByRole(AriaRole.Heading, new() { Name = "New policy" }).WaitForAsync();
        Assert.AreEqual("true", await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).GetAttributeAsync("aria-disabled"));
        Assert.IsFalse(await page.GetByLabel("Description").IsEditableAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "JSON", Exact = true }).ClickAsync();
        Assert.IsFalse(await page.GetByLabel("Content of the policy").IsEditableAsync());
        Assert.IsEmpty(complaints.Where(c => !c.Contains("401", StringComparison.Ordinal)), string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Provider_AnswerThatNobodyAskedFor_IsNotTaken()
    {
        var (page, _) = await ConsoleBrowser.OpenAsync(s_api.Address, "?code=stolen&state=not-begun-here");
        Assert.Contains("was not begun here", await page.GetByRole(AriaRole.Alert).InnerTextAsync());
        Assert.DoesNotContain("stolen", page.Url);
        await page.CloseAsync();
    }
}
