using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>The editor of policies, from a new one to its deletion.</summary>
[TestClass]
public sealed class ConsolePolicyTests
{
    private const string Name = "console-editor";

    [TestMethod]
    public async Task Policy_EditedInTheConsole_IsCheckedTriedComparedAndRolledBack()
    {
        var mesh = await SharedMesh.GetAsync();
        await using var traffic = new Traffic(mesh.Api);
        var (page, complaints) = await ConsoleBrowser.OpenAsync(mesh.Api.BaseAddress!, "#/policies/new/object");
        var text = page.GetByLabel("Content of the policy");
        var said = page.Locator(".said");
        ILocator Button(string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

        await page.GetByLabel("Name").FillAsync(Name);
        await Button("JSON").ClickAsync();
        await text.FillAsync("""{"kind":"routing","tenants":["console-tests"],"routing":{"strategy":"no-such"}}""");
        await page.Locator(".problems code").GetByText("routing.strategy").WaitForAsync();
        complaints.RemoveAll(c => c.Contains("400", StringComparison.Ordinal));
        await text.FillAsync("""{"kind":"routing",""");
        Assert.Contains("is not JSON", await page.Locator(".problems").InnerTextAsync());
        Assert.AreEqual("true", await Button("Create").GetAttributeAsync("aria-disabled"), "What is no JSON is not sent.");

        await text.FillAsync("""{"kind":"placement","tenants":["console-tests"],"placement":{"cells":["cell-0","cell-1"]}}""");
        await said.GetByText("It is valid.").WaitForAsync();
        await Button("Create").ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = $"{Name} version 1" }).WaitForAsync();

        // A node that few requests go to by themselves.
        await text.FillAsync("""{"kind":"placement","tenants":["console-tests"],"placement":{"nodes":["syn-c0-n1"]}}""");
        await Button("Format").ClickAsync();
        await page.Locator(".diff .added").First.WaitForAsync();
        Assert.Contains("syn-c0-n1", string.Join(' ', await page.Locator(".diff .added").AllInnerTextsAsync()));
        await Button("Dry run").ClickAsync();
        await Button("Try on recorded traffic").ClickAsync();
        await page.Locator(".trial").GetByText("requests would go elsewhere").WaitForAsync();
        var trial = await page.Locator(".trial table").First.InnerTextAsync();
        Assert.Contains("syn-c0-n1", trial);
        await said.GetByText("It is valid.").WaitForAsync();
        await page.ShootAsync("policy-trial", ofDocs: true);
        Assert.IsEmpty(await page.ViolationsAsync());
        await Button("Apply").ClickAsync();
        await said.GetByText("Version 2 is in force.").WaitForAsync();

        await Button("History").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare version 1" }).ClickAsync();
        await page.Locator(".diff").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back to version 1" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Roll back" }).ClickAsync();
        await said.GetByText("as version 3").WaitForAsync();
        var stored = await mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/policies/{Name}");
        Assert.AreEqual((3, "cell-0"), (stored.GetProperty("version").GetInt32(), stored.GetProperty("spec").GetProperty("placement").GetProperty("cells")[0].GetString()));

        // Somebody else is faster.
        await text.FillAsync("""{"kind":"placement","priority":7,"tenants":["console-tests"],"placement":{"cells":["cell-0"]}}""");
        using (var faster = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/policies/{Name}") { Content = JsonContent.Create(new { kind = "placement", tenants = new[] { "console-tests" }, placement = new { zones = new[] { "zone-b" } } }), Headers = { IfMatch = { new("\"3\"") } } })
        using (var answer = await mesh.Api.SendAsync(faster)) Assert.AreEqual(200, (int)answer.StatusCode);
        await Button("Apply").ClickAsync();
        await Button("Compare my text with the current version").ClickAsync();
        complaints.RemoveAll(c => c.Contains("412", StringComparison.Ordinal));
        await Button("Changes").ClickAsync();
        await page.Locator(".diff .removed").GetByText("zone-b").WaitForAsync();

        await Button("Delete").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Policies", Level = 1 }).WaitForAsync();
        using var gone = await mesh.Api.GetAsync($"/api/v1/policies/{Name}");
        Assert.AreEqual(404, (int)gone.StatusCode);
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }
}
