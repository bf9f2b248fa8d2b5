using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Adapters.Runtimes;

[TestClass]
public sealed class RuntimeControlTests : IDisposable
{
    private readonly HttpClient _client = new();
    private FakeRuntimeServer _server = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task StartAsync() => _server = await FakeRuntimeServer.StartAsync();

    [TestCleanup]
    public async Task StopAsync() => await _server.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [TestMethod]
    [DataRow("vllm", "POST /v1/load_lora_adapter {\"lora_name\":\"a b\",\"lora_path\":\"src\"}", "POST /v1/unload_lora_adapter {\"lora_name\":\"a b\"}", "POST /sleep?level=1", "POST /wake_up")]
    [DataRow("sglang", "POST /load_lora_adapter {\"lora_name\":\"a b\",\"lora_path\":\"src\"}", "POST /unload_lora_adapter {\"lora_name\":\"a b\"}", "POST /release_memory_occupation {}", "POST /resume_memory_occupation {}")]
    [DataRow("triton", "POST /v2/repository/models/a%20b/load {}", "POST /v2/repository/models/a%20b/unload {}")]
    [DataRow("torchserve", "POST /models?url=src&model_name=a%20b&initial_workers=2&synchronous=true", "DELETE /models/a%20b", "PUT /models/a%20b?min_worker=2&max_worker=2&synchronous=true")]
    [DataRow("ovms", "POST /v1/config/reload")]
    [DataRow("llamacpp", "POST /models/load {\"model\":\"a b\"}", "POST /models/unload {\"model\":\"a b\"}")]
    [DataRow("tgi")]
    [DataRow("tfserving")]
    [DataRow("openai")]
    public async Task Execute_EveryOperation_IsAskedForOrNamedUnsupported(string kind, params string[] expected)
    {
        _server.Otherwise = context => context.Response.WriteAsync("{\"success\":true}");
        var control = Control(kind);
        foreach (var operation in Enum.GetValues<RuntimeOperation>())
        {
            var before = _server.Commands.Count;
            var result = await ExecuteAsync(control, operation);
            Assert.AreEqual(control.Operations.Contains(operation) ? RuntimeControlOutcome.Done : RuntimeControlOutcome.Unsupported, result.Outcome);
            if (result.Done)
                continue;
            Assert.AreEqual($"{kind} does not support {operation}", result.Error);
            Assert.HasCount(before, _server.Commands);
        }

        CollectionAssert.AreEqual(expected, _server.Commands.ToArray(), string.Join('\n', _server.Commands));
    }

    [TestMethod]
    public async Task Execute_WakeFromTheDeepSleep_ReadsTheWeightsAgain()
    {
        _server.Otherwise = context => context.Response.WriteAsync("");
        var result = await Control("vllm").ExecuteAsync(new() { Operation = RuntimeOperation.Wake, SleepLevel = 2 }, TestContext.CancellationToken);

        Assert.IsTrue(result.Done);
        string[] expected = ["POST /wake_up?tags=weights", "POST /collective_rpc {\"method\":\"reload_weights\"}", "POST /wake_up?tags=kv_cache"];
        CollectionAssert.AreEqual(expected, _server.Commands.ToArray());
    }

    [TestMethod]
    [DataRow(400, "{\"error\":\"no such adapter\"}")]
    [DataRow(404, "{\"object\":\"error\",\"message\":\"no such adapter\"}")]
    [DataRow(500, "{\"error\":{\"code\":5,\"message\":\"no such adapter\"}}")]
    [DataRow(409, "no such adapter\r\n")]
    [DataRow(200, "{\"success\":false,\"error_message\":\"no such adapter\"}")]
    public async Task Execute_Refused_GivesTheRuntimesOwnWords(int status, string body)
    {
        _server.On("/load_lora_adapter", body, status);
        var result = await ExecuteAsync(Control("sglang"), RuntimeOperation.LoadAdapter);

        Assert.AreEqual(RuntimeControlOutcome.Refused, result.Outcome);
        StringAssert.StartsWith(result.Error!, "sglang: LoadAdapter of 'a b' failed: ");
        StringAssert.EndsWith(result.Error!, ": no such adapter");
    }

    [TestMethod]
    public async Task Execute_RefusedWithAStackTrace_StaysOneShortLine()
    {
        _server.On("/load_lora_adapter", string.Concat(Enumerable.Repeat("at \0frame\n", 50_000)), 500);
        var result = await ExecuteAsync(Control("sglang"), RuntimeOperation.LoadAdapter);

        Assert.IsLessThan(500, result.Error!.Length);
        Assert.IsFalse(result.Error.Any(char.IsControl));
    }

    [TestMethod]
    public async Task Execute_NoAnswer_TimesOut()
    {
        _server.On("/load_lora_adapter", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var result = await ExecuteAsync(Control("sglang", TimeSpan.FromMilliseconds(300)), RuntimeOperation.LoadAdapter);

        Assert.AreEqual(RuntimeControlOutcome.TimedOut, result.Outcome);
        StringAssert.Contains(result.Error!, "POST /load_lora_adapter: timeout");
    }

    [TestMethod]
    public async Task Execute_NothingListens_IsUnreachable()
    {
        var control = Control("sglang");
        await _server.DisposeAsync();

        Assert.AreEqual(RuntimeControlOutcome.Unreachable, (await ExecuteAsync(control, RuntimeOperation.LoadAdapter)).Outcome);
    }

    [TestMethod]
    [DataRow(RuntimeOperation.LoadModel, "", "s", 1, 1)]
    [DataRow(RuntimeOperation.LoadAdapter, "a", null, 1, 1)]
    [DataRow(RuntimeOperation.ScaleWorkers, "a", null, -1, 1)]
    [DataRow(RuntimeOperation.Sleep, "", null, 1, 3)]
    public async Task Execute_CommandLacksSomething_Throws(RuntimeOperation operation, string model, string? source, int workers, int level)
    {
        var command = new RuntimeCommand { Operation = operation, Model = model, Source = source, Workers = workers, SleepLevel = level };

        await Assert.ThrowsExactlyAsync<ArgumentException>(() => Control("vllm").ExecuteAsync(command, TestContext.CancellationToken));
    }

    private IRuntimeControl Control(string kind, TimeSpan? timeout = null) => RuntimeKinds.CreateControl(
        kind,
        _client,
        new() { Endpoint = _server.Address, ManagementEndpoint = _server.Address, Models = ["m"], ControlTimeout = timeout ?? TimeSpan.FromSeconds(20) },
        TimeProvider.System);

    private async Task<RuntimeControlResult> ExecuteAsync(IRuntimeControl control, RuntimeOperation operation) =>
        await control.ExecuteAsync(new() { Operation = operation, Model = "a b", Source = "src", Workers = 2 }, TestContext.CancellationToken);
}
