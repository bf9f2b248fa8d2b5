using System.ClientModel;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;
using OpenAI;
using OpenAI.Chat;

namespace InferMesh.Tests.EndToEnd.Clients;

/// <summary>The official .NET client, unchanged but for its base URL.</summary>
[TestClass]
public sealed class OpenAiDotNetTests
{
    private const string Model = SharedMesh.Model;
    private static MeshProcess s_mesh = null!;
    private static OpenAIClient s_client = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        s_mesh = await SharedMesh.GetAsync();
        s_client = new(new ApiKeyCredential("not-used"), new OpenAIClientOptions { Endpoint = new Uri(s_mesh.Api.BaseAddress!, "/v1") });
    }

    [TestMethod]
    public async Task Chat_Answers()
    {
        ChatCompletion answer = await s_client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage("Hello")], new ChatCompletionOptions { MaxOutputTokenCount = 12 });
        Assert.AreEqual(ChatFinishReason.Length, answer.FinishReason);
        Assert.AreEqual(12, answer.Usage.OutputTokenCount);
        Assert.HasCount(12, answer.Content[0].Text.Trim().Split(' '));
    }

    [TestMethod]
    public async Task Chat_Streamed_ArrivesWithUsage()
    {
        var (words, usage, finish) = (0, (ChatTokenUsage?)null, (ChatFinishReason?)null);
        await foreach (var update in s_client.GetChatClient(Model).CompleteChatStreamingAsync([new UserChatMessage("Hello")], new ChatCompletionOptions { MaxOutputTokenCount = 12 }))
        {
            words += update.ContentUpdate.Count(static part => part.Text.Length > 0);
            usage = update.Usage ?? usage;
            finish = update.FinishReason ?? finish;
        }
        Assert.AreEqual((12, 12, ChatFinishReason.Length), (words, usage?.OutputTokenCount, finish));
    }

    [TestMethod]
    public async Task Chat_WithTool_CallsIt_AndTakesItsResult()
    {
        var chat = s_client.GetChatClient(Model);
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 12, Tools = { ChatTool.CreateFunctionTool("weather", "Tells the weather", BinaryData.FromString("""{"type":"object"}""")) } };
        List<ChatMessage> messages = [new UserChatMessage("Hello")];
        ChatCompletion first = await chat.CompleteChatAsync(messages, options);
        Assert.AreEqual(ChatFinishReason.ToolCalls, first.FinishReason);
        Assert.AreEqual("weather", first.ToolCalls.Single().FunctionName);
        messages.AddRange([new AssistantChatMessage(first), new ToolChatMessage(first.ToolCalls[0].Id, "sunny")]);
        ChatCompletion second = await chat.CompleteChatAsync(messages, options);
        Assert.AreEqual(ChatFinishReason.Length, second.FinishReason);
        Assert.IsGreaterThan(0, second.Content[0].Text.Length);
    }

    [TestMethod]
    public async Task Chat_WithTool_Streamed_CallsIt()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 12, Tools = { ChatTool.CreateFunctionTool("weather") } };
        var (name, arguments) = ("", "");
        await foreach (var update in s_client.GetChatClient(Model).CompleteChatStreamingAsync([new UserChatMessage("Hello")], options))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                name += call.FunctionName;
                arguments += call.FunctionArgumentsUpdate is { } part ? part.ToString() : "";
            }
        }
        Assert.AreEqual(("weather", "{\"synthetic\":true}"), (name, arguments));
    }

    [TestMethod]
    public async Task Embeddings_Answer()
    {
        var answer = (await s_client.GetEmbeddingClient(Model).GenerateEmbeddingsAsync(["one", "two"], new() { Dimensions = 16 })).Value;
        Assert.HasCount(2, answer);
        Assert.AreEqual(16, answer[0].ToFloats().Length);
        Assert.IsGreaterThan(0, answer.Usage.InputTokenCount);
    }

    [TestMethod]
    public async Task Models_AreListedAndFound()
    {
        var models = s_client.GetOpenAIModelClient();
        Assert.IsTrue((await models.GetModelsAsync()).Value.Any(static m => m.Id == Model));
        Assert.AreEqual(Model, (await models.GetModelAsync(Model)).Value.Id);
        Assert.AreEqual(404, (await Assert.ThrowsExactlyAsync<ClientResultException>(() => models.GetModelAsync("nobody-serves-this"))).Status);
    }

    [TestMethod]
    public async Task Chat_UnknownModel_Is404_AndWrongTypeIs400()
    {
        var unknown = await Assert.ThrowsExactlyAsync<ClientResultException>(() => s_client.GetChatClient("nobody-serves-this").CompleteChatAsync([new UserChatMessage("Hello")]));
        Assert.AreEqual(404, unknown.Status);
        StringAssert.Contains(unknown.Message, "model_not_found");
        using var wrong = BinaryContent.Create(BinaryData.FromString($$"""{"model":"{{Model}}","messages":[],"max_tokens":"many"}"""));
        var bad = await Assert.ThrowsExactlyAsync<ClientResultException>(() => s_client.GetChatClient(Model).CompleteChatAsync(wrong));
        Assert.AreEqual(400, bad.Status);
        StringAssert.Contains(bad.Message, "max_tokens");
    }

    [TestMethod]
    public async Task Chat_CancelledMidStream_StopsTheRuntime()
    {
        using var leave = new CancellationTokenSource();
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 100_000 };
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in s_client.GetChatClient(Model).CompleteChatStreamingAsync([new UserChatMessage("Hello")], options, leave.Token))
            {
                if (update.ContentUpdate.Count > 0) await leave.CancelAsync();
            }
        });
        using var admin = new HttpClient();
        await ExternalProcess.UntilAsync(
            async () => (await admin.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{s_mesh.AdminPort}/admin/nodes")).EnumerateArray().All(static n => n.GetProperty("running").GetInt32() == 0),
            TimeSpan.FromSeconds(10), "no runtime generates for a client that is gone");
    }
}
