using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>The editor of policies and endpoints: a form and a text of the same content, and what is wrong where it is wrong.</summary>
[TestClass]
public sealed class ConsoleEditorTests
{
    [TestMethod]
    public async Task Policy_TypedAsJson_IsCheckedMeanwhile_AndMarkedAtTheLine()
    {
        var (page, complaints, text) = await OpenAsync("#/policies/new/object");
        await page.GetByLabel("Name").FillAsync("console-json");
        await Button(page, "JSON").ClickAsync();
        await text.FillAsync("""
            {
              "kind": "hedging",
              "models": ["llama-*"],
              "hedging": {
                "minDelayMs": 50,
                "budgetShare": 7
              }
            }
            """);
        var marked = page.Locator(".editor-line.bad");
        await marked.GetByText("budgetShare 7 is out of range").WaitForAsync();
        Assert.AreEqual("6", await marked.Locator(".editor-number").InnerTextAsync());
        Assert.AreEqual("true", await text.GetAttributeAsync("aria-invalid"));
        Assert.AreEqual(8, await page.Locator(".editor-line").CountAsync());
        await page.ShootAsync("editor-json", ofDocs: true);
        await AssertForEverybodyAsync(page);

        // With the keys alone: to what is wrong, and over it.
        await text.PressAsync("Control+Home");
        await text.PressAsync("F8");
        await page.Keyboard.TypeAsync("    \"budgetShare\": 0.05");
        await page.Locator(".said").GetByText("It is valid.").WaitForAsync();
        Assert.AreEqual(0, await marked.CountAsync());
        await text.PressAsync("Control+Home");
        await text.PressAsync("End");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("\"oops\": 1,");
        Assert.StartsWith("{\n  \"oops\": 1,", await text.InputValueAsync());
        await page.Locator(".problems code").GetByText("oops").WaitForAsync();
        Assert.AreEqual("2", await marked.Locator(".editor-number").InnerTextAsync());
        // Names that are no plain words, one of a wrong type and one that nobody knows.
        await text.FillAsync("{\n  \"kind\": \"placement\",\n  \"placement\": {\n    \"labels\": {\n      \"pool\": \"a\",\n      \"nvidia.com/gpu.count\": 8\n    }\n  }\n}");
        await page.Locator(".problems code").GetByText("gpu.count").WaitForAsync();
        Assert.AreEqual("6", await marked.Locator(".editor-number").InnerTextAsync());
        await text.FillAsync("{\n  \"kind\": \"placement\",\n  \"placement\": {\n    \"min delay\": 8\n  }\n}");
        await page.Locator(".problems code").GetByText("min delay").WaitForAsync();
        Assert.AreEqual("4", await marked.Locator(".editor-number").InnerTextAsync());
        // A missing comma in the second line, as Chromium, Firefox and Safari tell of it.
        await text.FillAsync("{\n  \"kind\": \"slo\"\n  \"models\": [],\n  \"slo\": {}\n}");
        await page.Locator(".problems").GetByText("is not JSON").WaitForAsync();
        Assert.AreEqual("2", await marked.Locator(".editor-number").InnerTextAsync());
        await page.EvaluateAsync("() => { window.parse = JSON.parse; JSON.parse = t => { try { return window.parse(t); } catch { throw new SyntaxError(window.told); } }; window.told = \"JSON.parse: expected ',' or '}' after property value in object at line 3 column 3 of the JSON data\"; }");
        await text.FillAsync("{\n  \"kind\": \"slo\"\n  \"models\": [1],\n  \"slo\": {}\n}");
        await page.Locator(".problems").GetByText("of the JSON data").WaitForAsync();
        Assert.AreEqual("2", await marked.Locator(".editor-number").InnerTextAsync());
        await page.EvaluateAsync("() => { window.told = \"JSON Parse error: Unrecognized token\"; }");
        await text.FillAsync("{\n  \"kind\": 'slo',\n  \"models\": [1],\n  \"slo\": {}\n}");
        await page.Locator(".problems").GetByText("Unrecognized token").WaitForAsync();
        Assert.AreEqual("2", await marked.Locator(".editor-number").InnerTextAsync());
        await page.EvaluateAsync("() => { JSON.parse = window.parse; }");
        await text.FillAsync("{\n  \"kind\": \"slo\",\n  \"slo\": {");
        await page.Locator(".problems").GetByText("is not JSON").WaitForAsync();
        await Button(page, "Form").ClickAsync();
        await page.Locator(".empty").GetByText("The text is not JSON").WaitForAsync();

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Button(page, "JSON").ClickAsync();
        await page.SetViewportSizeAsync(ConsoleBrowser.Phone.Width, ConsoleBrowser.Phone.Height);
        await page.ShootAsync("editor-json-phone");
        Assert.AreEqual(0, await page.OverflowAsync());
        await AssertForEverybodyAsync(page);
        complaints.RemoveAll(c => c.Contains("400", StringComparison.Ordinal));
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Policy_FilledIntoTheForm_IsTheSameContent_AndSaysWhatIsWrongAtTheField()
    {
        var mesh = await SharedMesh.GetAsync();
        var (page, complaints, text) = await OpenAsync("#/policies/new/object");
        await page.GetByLabel("Name").FillAsync("console-form");
        await page.GetByLabel("Models", new() { Exact = true }).PressSequentiallyAsync("mistral-*,");
        await page.GetByLabel("Strategy", new() { Exact = true }).SelectOptionAsync("hybrid_mesh");
        await page.GetByText("Parameters: all as they come").ClickAsync();
        var strategies = await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/strategies");
        var parameter = strategies.GetProperty("items").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "hybrid_mesh").GetProperty("parameters")[0];
        var (name, most) = (parameter.GetProperty("name").GetString()!, parameter.GetProperty("max").GetDouble());
        var number = page.Locator(".form details input").First;
        await number.PressSequentiallyAsync((most + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
        await page.Locator(".form details .field-problem").First.WaitForAsync();
        await page.ShootAsync("editor-form", ofDocs: true);
        await AssertForEverybodyAsync(page);
        await number.FillAsync("");
        // Digit by digit, and none of them is lost on the way to the text and back.
        var priority = page.GetByLabel("Priority", new() { Exact = true });
        await priority.FillAsync("");
        await priority.PressSequentiallyAsync("12");
        await page.Locator(".said").GetByText("It is valid.").WaitForAsync();
        await Button(page, "JSON").ClickAsync();
        var content = JsonDocument.Parse(await text.InputValueAsync()).RootElement;
        Assert.AreEqual("hybrid_mesh", content.GetProperty("routing").GetProperty("strategy").GetString());
        Assert.AreEqual("llama-*,mistral-*", string.Join(',', content.GetProperty("models").EnumerateArray().Select(m => m.GetString())));
        Assert.AreEqual(12, content.GetProperty("priority").GetInt32());
        Assert.IsFalse(content.GetProperty("routing").GetProperty("parameters").TryGetProperty(name, out _), "An empty field takes what is standard.");

        // The other way round, and another kind keeps what the policy is for.
        await Button(page, "Form").ClickAsync();
        await page.GetByLabel("Kind").SelectOptionAsync("hedging");
        var budget = page.GetByLabel("At most, of requests");
        await budget.FillAsync("");
        await budget.PressSequentiallyAsync("0.125");
        await page.Locator(".said").GetByText("It is valid.").WaitForAsync();
        await Button(page, "Create").ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "console-form version 1" }).WaitForAsync();
        var stored = (await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/policies/console-form")).GetProperty("spec");
        Assert.AreEqual(("hedging", 0.125, "llama-*"), (stored.GetProperty("kind").GetString(), stored.GetProperty("hedging").GetProperty("budgetShare").GetDouble(), stored.GetProperty("models")[0].GetString()));

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.SetViewportSizeAsync(ConsoleBrowser.Phone.Width, ConsoleBrowser.Phone.Height);
        await page.ShootAsync("editor-form-phone");
        Assert.AreEqual(0, await page.OverflowAsync());
        await AssertForEverybodyAsync(page);
        await Button(page, "Delete").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Policies", Level = 1 }).WaitForAsync();
        complaints.RemoveAll(c => c.Contains("400", StringComparison.Ordinal));
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    [TestMethod]
    public async Task Endpoint_WeightsInTheForm_ShowTheirShares_AndKeepWhatTheFormHasNoFieldFor()
    {
        var (page, complaints, text) = await OpenAsync("#/endpoints/new/object");
        await page.GetByLabel("Name").FillAsync("console-weights");
        await Button(page, "JSON").ClickAsync();
        await text.FillAsync($$"""{ "models": [{ "model": "{{SharedMesh.Model}}", "weight": 90 }], "auth": { "keys": ["{{new string('a', 64)}}"] } }""");
        await Button(page, "Form").ClickAsync();
        await Button(page, "Add a model").ClickAsync();
        await page.GetByLabel("Model 2", new() { Exact = true }).FillAsync("other-model");
        await page.GetByLabel("Weight", new() { Exact = true }).Nth(1).FillAsync("30");
        Assert.AreEqual("75 %|25 %", string.Join('|', (await page.Locator(".weighted-share").AllInnerTextsAsync()).Select(t => t.Trim())));
        await page.Locator(".said").GetByText("It is valid.").WaitForAsync();
        await page.ShootAsync("editor-endpoint");
        await AssertForEverybodyAsync(page);
        await page.GetByLabel("Weight", new() { Exact = true }).Nth(1).FillAsync("3000");
        await page.Locator(".weighted + .field-problem").WaitForAsync();
        await Button(page, "JSON").ClickAsync();
        var content = JsonDocument.Parse(await text.InputValueAsync()).RootElement;
        Assert.AreEqual(64, content.GetProperty("auth").GetProperty("keys")[0].GetString()!.Length);
        Assert.AreEqual(3000, content.GetProperty("models")[1].GetProperty("weight").GetInt32());
        complaints.RemoveAll(c => c.Contains("400", StringComparison.Ordinal));
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }

    private static async Task AssertForEverybodyAsync(IPage page)
    {
        var violations = await page.ViolationsAsync();
        Assert.IsEmpty(violations, string.Join("\n", violations));
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static async Task<(IPage Page, List<string> Complaints, ILocator Text)> OpenAsync(string hash)
    {
        var mesh = await SharedMesh.GetAsync();
        var (page, complaints) = await ConsoleBrowser.OpenAsync(mesh.Api.BaseAddress!, hash);
        return (page, complaints, page.Locator("textarea.code"));
    }
}
