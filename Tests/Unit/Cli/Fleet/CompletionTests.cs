using System.Net;
using System.Text.Json;

namespace InferMesh.Tests.Unit.Cli.Fleet;

[TestClass]
public sealed class CompletionTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task Completion_NotStreamed_HasTextUsageAndLabels()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(new { model = FleetHarness.Model, prompt = "abcdefgh", max_tokens = 5 }, Cancellation);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("true", response.Headers.GetValues("x-infermesh-synthetic").Single());
        Assert.AreEqual("syn-c0-n0", response.Headers.GetValues("x-infermesh-node").Single());
        var body = await FleetHarness.JsonAsync(response, Cancellation);
        Assert.AreEqual("text_completion", body.GetProperty("object").GetString());
        Assert.AreEqual(2, body.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.AreEqual(5, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.AreEqual(7, body.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.AreEqual("length", body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.HasCount(5, body.GetProperty("choices")[0].GetProperty("text").GetString()!.Trim().Split(' '));
    }

    [TestMethod]
    public async Task Completion_NoLimit_StopsByItselfAtTheDefault()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(
            new { model = FleetHarness.Model, messages = new[] { new { role = "user", content = "hi" } } }, Cancellation, path: "/v1/chat/completions");

        var body = await FleetHarness.JsonAsync(response, Cancellation);
        Assert.AreEqual("stop", body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.AreEqual(128, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Completion_Streamed_HasOneEventPerTokenUsageAndEnd(bool chat)
    {
        await using var harness = await FleetHarness.StartAsync();
        object body = chat
            ? new { model = FleetHarness.Model, messages = new[] { new { role = "user", content = "hi" } }, max_tokens = 12, stream = true, stream_options = new { include_usage = true } }
            : new { model = FleetHarness.Model, prompt = "hi", max_tokens = 12, stream = true, stream_options = new { include_usage = true } };
        using var response = await harness.CompleteAsync(body, Cancellation, path: chat ? "/v1/chat/completions" : "/v1/completions");

        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual("data: [DONE]", events[^1]);
        Assert.IsTrue(events.All(static e => e.StartsWith("data: ", StringComparison.Ordinal)));
        var chunks = events[..^1].Select(static e => JsonDocument.Parse(e["data: ".Length..]).RootElement).ToArray();
        Assert.HasCount(1, chunks.Select(static c => c.GetProperty("id").GetString()).Distinct().ToArray());
        Assert.AreEqual(12, chunks.Count(c => TextOf(c, chat) is { Length: > 0 }));
        Assert.AreEqual("length", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.AreEqual(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.AreEqual(12, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        if (chat)
            Assert.AreEqual("assistant", chunks[0].GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString());
    }

    [TestMethod]
    [DataRow(false, "\"auto\"", "first")]
    [DataRow(false, "{\"type\":\"function\",\"function\":{\"name\":\"second\"}}", "second")]
    [DataRow(true, "\"required\"", "first")]
    public async Task Chat_WithTools_CallsOne(bool stream, string choice, string called)
    {
        await using var harness = await FleetHarness.StartAsync();
        var tools = new[] { "first", "second" }.Select(static name => new { type = "function", function = new { name } });
        using var response = await harness.CompleteAsync(
            new { model = FleetHarness.Model, messages = new[] { new { role = "user", content = "hi" } }, max_tokens = 8, stream, tools, tool_choice = JsonDocument.Parse(choice).RootElement },
            Cancellation, path: "/v1/chat/completions");

        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, text);
        JsonElement[] answers = stream
            ? [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[..^1].Select(static e => JsonDocument.Parse(e["data: ".Length..]).RootElement)]
            : [JsonDocument.Parse(text).RootElement];
        Assert.AreEqual("tool_calls", answers[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var functions = answers.Select(a => a.GetProperty("choices")[0].GetProperty(stream ? "delta" : "message"))
            .Where(static m => m.TryGetProperty("tool_calls", out _)).Select(static m => m.GetProperty("tool_calls")[0].GetProperty("function")).ToArray();
        Assert.AreEqual(called, functions[0].GetProperty("name").GetString());
        Assert.AreEqual("{\"synthetic\":true}", string.Concat(functions.Select(static f => f.GetProperty("arguments").GetString())));
    }

    [TestMethod]
    [DataRow("""{"model":"llama-3.1-8b-instruct","messages":[{"role":"user","content":"x"}],"tools":7}""", "tools")]
    [DataRow("""{"model":"llama-3.1-8b-instruct","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":{"type":"function","function":{"name":"b"}}}""", "tools")]
    public async Task Chat_WithWrongTools_Is400(string body, string param)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var content = new StringContent(body);
        using var response = await harness.Client.PostAsync(new Uri(harness.Node.Endpoint, "/v1/chat/completions"), content, Cancellation);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual(param, (await FleetHarness.JsonAsync(response, Cancellation)).GetProperty("error").GetProperty("param").GetString());
    }

    [TestMethod]
    public async Task Completion_ExactPromptTokensHeader_OverridesTheEstimate()
    {
        await using var harness = await FleetHarness.StartAsync();
        harness.Client.DefaultRequestHeaders.Add("x-infermesh-prompt-tokens", "777");
        using var response = await harness.CompleteAsync(new { model = FleetHarness.Model, prompt = "x", max_tokens = 1 }, Cancellation);

        Assert.AreEqual(777, (await FleetHarness.JsonAsync(response, Cancellation)).GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [TestMethod]
    [DataRow("{", 400)]
    [DataRow("{}", 400)]
    [DataRow("""{"model":"other","prompt":"x"}""", 404)]
    [DataRow("""{"model":"llama-3.1-8b-instruct","prompt":"x","max_tokens":900000}""", 400)]
    public async Task Completion_BadRequest_IsAnOpenAiError(string body, int status)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var content = new StringContent(body);
        using var response = await harness.Client.PostAsync(new Uri(harness.Node.Endpoint, "/v1/completions"), content, Cancellation);

        Assert.AreEqual(status, (int)response.StatusCode);
        var error = (await FleetHarness.JsonAsync(response, Cancellation)).GetProperty("error");
        Assert.AreNotEqual("", error.GetProperty("message").GetString());
        Assert.AreEqual("true", response.Headers.GetValues("x-infermesh-synthetic").Single());
    }

    [TestMethod]
    public async Task Client_Disconnects_FreesTheSequenceAtOnce()
    {
        await using var harness = await FleetHarness.StartAsync(timeScale: 1);
        using (var response = await harness.CompleteAsync(new { model = FleetHarness.Model, prompt = "x", max_tokens = 100_000, stream = true }, Cancellation))
        {
            await using var stream = await response.Content.ReadAsStreamAsync(Cancellation);
            Assert.IsGreaterThan(0, await stream.ReadAsync(new byte[100], Cancellation));
            Assert.AreEqual(1, harness.Node.Running);
            Assert.IsGreaterThan(0.0, harness.Node.KvUsage);
        }

        await FleetHarness.UntilAsync(() => harness.Node.Running == 0, "the sequence is freed", Cancellation);
        Assert.AreEqual(0.0, harness.Node.KvUsage);
        Assert.AreEqual(0, harness.Node.Served);
    }

    [TestMethod]
    public async Task Models_Asked_ListsAll()
    {
        await using var harness = await FleetHarness.StartAsync(models: ["a", "b"]);
        using var response = await harness.Client.GetAsync(new Uri(harness.Node.Endpoint, "/v1/models"), Cancellation);

        var data = (await FleetHarness.JsonAsync(response, Cancellation)).GetProperty("data");
        CollectionAssert.AreEqual(new[] { "a", "b" }, data.EnumerateArray().Select(static m => m.GetProperty("id").GetString()).ToArray());
    }

    [TestMethod]
    [DataRow("GET", "/v1/completions", 405)]
    [DataRow("GET", "/nothing", 404)]
    [DataRow("GET", "/health", 200)]
    public async Task Path_Asked_HasItsStatus(string method, string path, int status)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(harness.Node.Endpoint, path));
        using var response = await harness.Client.SendAsync(request, Cancellation);

        Assert.AreEqual(status, (int)response.StatusCode);
    }

    private static string? TextOf(JsonElement chunk, bool chat)
    {
        var choices = chunk.GetProperty("choices");
        if (choices.GetArrayLength() == 0)
            return null;
        return chat
            ? choices[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : null
            : choices[0].GetProperty("text").GetString();
    }
}
