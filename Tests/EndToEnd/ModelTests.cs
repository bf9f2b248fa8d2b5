using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using InferMesh.Control.V1;
using InferMesh.Tests.EndToEnd.Endurance;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>A registered model reaches a runtime through an agent in a process of its own, and leaves it again.</summary>
[TestClass]
public sealed class ModelTests
{
    private const string Node = "triton-node";
    private const string Model = "org.resnet";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static MeshProcess s_mesh = null!;
    private static FakeTriton s_triton = null!;
    private static ChildProcess s_agent = null!;
    private static string s_folder = "";

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        s_mesh = await SharedMesh.GetAsync();
        s_triton = await FakeTriton.StartAsync(Model, "by-hand");
        s_folder = Directory.CreateTempSubdirectory("infermesh-agent-").FullName;
        var file = Path.Combine(s_folder, "agent.yaml");
        await File.WriteAllTextAsync(file, $$"""
            node: {id: {{Node}}, cell: cell-triton}
            target: {{s_mesh.Grpc}}
            runtimes:
              - {kind: triton, endpoint: "{{s_triton.Address}}", metricsEndpoint: "{{s_triton.Address}}", gpu: H100-80G, control: true}
            """);
        s_agent = new(Repository.Assembly("Cli", "InferMesh.Cli"), ["agent", "--config", file], []);
        await UntilAsync(async () => (await s_mesh.NodesAsync("ready")).Contains(Node), "the agent's node is ready");
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        await s_agent.TerminateAsync();
        await s_agent.DisposeAsync();
        await s_triton.DisposeAsync();
        // The mesh is left as it was found.
        await s_mesh.Api.DeleteAsync($"/api/v1/nodes/{Node}?force=true");
        Directory.Delete(s_folder, recursive: true);
    }

    [TestMethod]
    public async Task RegisteredModel_IsLoadedShownAndUnloaded()
    {
        using var put = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/models/{Model}") { Content = JsonContent.Create(new { replicas = 1, runtimes = new[] { "triton" }, labels = new { } }) };
        put.Headers.TryAddWithoutValidation("If-None-Match", "*");
        using var registered = await s_mesh.Api.SendAsync(put);
        Assert.AreEqual(201, (int)registered.StatusCode, await registered.Content.ReadAsStringAsync());

        await UntilAsync(async () => (await ModelAsync()).GetProperty("readyReplicaCount").GetInt32() == 1, "a replica is served");
        Assert.IsTrue(s_triton.IsLoaded(Model));
        await UntilAsync(async () => (await ModelAsync()).GetProperty("registration").GetProperty("readyReplicas").GetInt32() == 1, "the planner sees it");
        var registration = (await ModelAsync()).GetProperty("registration");
        Assert.AreEqual((Node, "loaded"), (registration.GetProperty("states")[0].GetProperty("node").GetString(), registration.GetProperty("states")[0].GetProperty("state").GetString()));
        Assert.AreEqual("H100-80G", registration.GetProperty("coldStarts")[0].GetProperty("gpu").GetString());
        var listed = await s_mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/models");
        Assert.Contains(Model, listed.GetProperty("items").EnumerateArray().Select(m => m.GetProperty("name").GetString()));

        using var delete = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/models/{Model}");
        delete.Headers.TryAddWithoutValidation("If-Match", registered.Headers.ETag!.ToString());
        using var deleted = await s_mesh.Api.SendAsync(delete);
        Assert.AreEqual(204, (int)deleted.StatusCode);
        await UntilAsync(() => Task.FromResult(!s_triton.IsLoaded(Model)), "it is unloaded");
        CollectionAssert.AreEqual(new[] { $"load {Model}", $"unload {Model}" }, s_triton.Commands.Where(c => c.EndsWith(Model, StringComparison.Ordinal)).ToArray(), "each once");
    }

    [TestMethod]
    public async Task LoadAndUnloadModel_OverGrpc_DoWhatTheySay()
    {
        using var channel = GrpcChannel.ForAddress(s_mesh.Grpc);
        var control = new ControlPlane.ControlPlaneClient(channel);

        await control.LoadModelAsync(new() { ModelName = "by-hand", TargetNodes = { Node } });
        Assert.IsTrue(s_triton.IsLoaded("by-hand"));
        var refused = await Assert.ThrowsExactlyAsync<RpcException>(() => control.LoadModelAsync(new() { ModelName = "nowhere", TargetNodes = { Node } }).ResponseAsync);
        Assert.AreEqual(StatusCode.FailedPrecondition, refused.StatusCode);
        StringAssert.Contains(refused.Status.Detail, "failed to poll from model repository");

        await UntilAsync(async () => (await control.ListModelsAsync(new() { Name = "by-hand" })).Models.Any(m => m.Replicas.Any(r => r.Status == ModelStatus.Loaded)), "the load is reported");
        await control.UnloadModelAsync(new() { ModelName = "by-hand", TargetNodes = { Node } });
        Assert.IsFalse(s_triton.IsLoaded("by-hand"));
    }

    private static async Task<JsonElement> ModelAsync() => await s_mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/models/{Model}");

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        try
        {
            await ExternalProcess.UntilAsync(condition, Patience, what);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.Message}\n{s_agent.Output}", e);
        }
    }
}
