using System.Net;
using System.Text.Json;

namespace InferMesh.Tests.Unit.Cli.Fleet;

[TestClass]
public sealed class InferenceTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task Generate_OfTgi_HasTextAndDetails()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(new { inputs = "abcdefgh", parameters = new { max_new_tokens = 5, details = true } }, Cancellation, path: "/generate");

        Assert.AreEqual("true", response.Headers.GetValues("x-infermesh-synthetic").Single());
        var body = await FleetHarness.JsonAsync(response, Cancellation);
        Assert.HasCount(5, body.GetProperty("generated_text").GetString()!.Trim().Split(' '));
        Assert.AreEqual(5, body.GetProperty("details").GetProperty("generated_tokens").GetInt32());
    }

    [TestMethod]
    public async Task GenerateStream_OfTgi_HasOneEventPerToken()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(new { inputs = "a", parameters = new { max_new_tokens = 7 } }, Cancellation, path: "/generate_stream");

        var events = Events(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.HasCount(7, events);
        Assert.AreEqual(JsonValueKind.Null, events[5].GetProperty("details").ValueKind);
        Assert.AreEqual(7, events[6].GetProperty("details").GetProperty("generated_tokens").GetInt32());
        Assert.AreEqual(string.Concat(events.Select(e => e.GetProperty("token").GetProperty("text").GetString())), events[6].GetProperty("generated_text").GetString());
    }

    [TestMethod]
    public async Task GenerateStream_OfTriton_HasOneEventPerToken()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(new { text_input = "a", max_tokens = 6 }, Cancellation, path: $"/v2/models/{FleetHarness.Model}/generate_stream");

        var events = Events(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.HasCount(6, events);
        Assert.IsTrue(events.All(e => e.GetProperty("model_name").GetString() == FleetHarness.Model && e.GetProperty("text_output").GetString()!.Length > 0));
    }

    [TestMethod]
    [DataRow("/v2/models/{0}/infer")]
    [DataRow("/v2/models/{0}/versions/1/infer")]
    public async Task Infer_TensorOfText_IsAnsweredByOne(string path)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(
            new { inputs = new[] { new { name = "text_input", datatype = "BYTES", shape = new[] { 1 }, data = new[] { "hi" } } } }, Cancellation,
            path: string.Format(System.Globalization.CultureInfo.InvariantCulture, path, FleetHarness.Model));

        var output = (await FleetHarness.JsonAsync(response, Cancellation)).GetProperty("outputs")[0];
        Assert.AreEqual(("text_output", "BYTES"), (output.GetProperty("name").GetString(), output.GetProperty("datatype").GetString()));
        Assert.IsGreaterThan(0, output.GetProperty("data")[0].GetString()!.Length);
    }

    [TestMethod]
    [DataRow("/generate", 400)]
    [DataRow("/v2/models/nope/generate", 404)]
    [DataRow("/v2/models/nope/nope/nope", 404)]
    [DataRow("/v2", 404)]
    public async Task Call_ThatCannotBeServed_IsRefused(string path, int status)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(new { nothing = 1 }, Cancellation, path: path);
        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.IsTrue((await FleetHarness.JsonAsync(response, Cancellation)).TryGetProperty("error", out _));
    }

    [TestMethod]
    [DataRow("/info", "model_id")]
    [DataRow("/v2/models/{0}", "inputs")]
    [DataRow("/v2/models/{0}/ready", "ready")]
    [DataRow("/v2/models/{0}/config", "backend")]
    public async Task Get_AboutTheModel_IsAnswered(string path, string field)
    {
        await using var harness = await FleetHarness.StartAsync();
        var url = new Uri(harness.Node.Endpoint, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, FleetHarness.Model));
        using var response = await harness.Client.GetAsync(url, Cancellation);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.IsTrue((await FleetHarness.JsonAsync(response, Cancellation)).TryGetProperty(field, out _));
    }

    private static JsonElement[] Events(string text) =>
        [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(static e => JsonDocument.Parse(e["data:".Length..]).RootElement)];
}
