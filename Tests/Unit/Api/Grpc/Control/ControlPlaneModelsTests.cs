extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Api.Grpc.Control;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Domain = InferMesh.Grains.Abstractions.Policies;
using ModelAction = InferMesh.Grains.Abstractions.Models.ModelAction;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlaneModelsTests
{
    private static readonly ModelSample Loaded = new() { Model = "m", Running = 3 };

    [TestMethod]
    public async Task ListModels_Replicas_ShowTheirState()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: Loaded), FakeFleet.Node("b", models: [Loaded with { Loaded = false, Running = null }]), FakeFleet.Node("c", health: NodeHealth.Offline, models: Loaded));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var model = (await client.ListModelsAsync(new())).Models.Single();

        Assert.AreEqual("a,b", string.Join(",", model.Replicas.Select(r => r.NodeId)));
        Assert.AreEqual((ModelStatus.Loaded, 3.0, ModelStatus.Available, false), (model.Replicas[0].Status, model.Replicas[0].Running, model.Replicas[1].Status, model.Replicas[1].HasRunning));
    }

    [TestMethod]
    public async Task LoadModel_NobodyControlsIt_NamesTheRuntimes()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: Loaded), FakeFleet.Node("b"), FakeFleet.Node("off", health: NodeHealth.Offline, models: Loaded));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        Assert.AreEqual("a", (await client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "a", "a" } })).LoadedNodes.Single());
        var status = await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "a", "b", "off" } }));
        var violations = RpcAssert.Detail<Google.Rpc.PreconditionFailure>(status).Violations;
        CollectionAssert.AreEqual(new[] { "b", "off" }, violations.Select(v => v.Subject).ToArray());
        StringAssert.Contains(violations[0].Description, "vllm");
        StringAssert.Contains(violations[0].Description, "load");
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "nobody" } }));
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.LoadModelAsync(new() { ModelName = "m" }));
    }

    [TestMethod]
    public async Task LoadModel_NodeWithControl_HasItDoneAndWaits()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: Loaded), FakeFleet.Node("b"));
        var node = api.Fleet.ModelsOf("b");
        node.Runtimes = [new("http://b:8000", "triton", "", [ModelAction.Load, ModelAction.Unload])];
        var polls = 0;
        node.Outcome = _ => ++polls < 3 ? null : new("", "", false, 12);
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        Assert.AreEqual("a,b", string.Join(",", (await client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "a", "b" } })).LoadedNodes));

        Assert.IsTrue(node.Executed.All(c => c is { Action: ModelAction.Load, Endpoint: "http://b:8000", Model: "m" }));
        Assert.AreEqual(3, polls);
        Assert.IsEmpty(api.Fleet.ModelsOf("a").Executed, "it is loaded there");
    }

    [TestMethod]
    public async Task LoadModel_FailureOrCallersDeadline_SaysSo()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"));
        var node = api.Fleet.ModelsOf("a");
        node.Runtimes = [new("http://a:8000", "triton", "", [ModelAction.Load])];
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        node.Outcome = _ => new("", "triton: LoadModel of 'm' failed: no such model", false, 1);
        var status = await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "a" } }));
        StringAssert.Contains(RpcAssert.Detail<Google.Rpc.PreconditionFailure>(status).Violations.Single().Description, "no such model");
        node.Outcome = _ => null;
        await RpcAssert.FailsAsync(StatusCode.Unavailable, client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "a" } }, deadline: DateTime.UtcNow.AddSeconds(5)));
    }

    [TestMethod]
    public async Task LoadAndUnload_RegisteredModel_IsLeftToItsRegistration()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: Loaded), FakeFleet.Node("b"));
        foreach (var id in new[] { "a", "b" }) api.Fleet.ModelsOf(id).Runtimes = [new($"http://{id}:8000", "triton", "", [ModelAction.Load, ModelAction.Unload])];
        await api.Fleet.Models.Model("m").Put(new(), Domain.PolicyVersions.None, "test");
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        Assert.AreEqual("a", (await client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "a" } })).LoadedNodes.Single(), "nothing is to be done");
        var status = await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.LoadModelAsync(new() { ModelName = "m", TargetNodes = { "b" } }));
        Assert.AreEqual("MODEL_REGISTERED", RpcAssert.Detail<Google.Rpc.PreconditionFailure>(status).Violations.Single().Type);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.UnloadModelAsync(new() { ModelName = "m", TargetNodes = { "a" } }));
        Assert.IsEmpty(api.Fleet.ModelsOf("a").Executed.Concat(api.Fleet.ModelsOf("b").Executed));
    }

    [TestMethod]
    public async Task UnloadModel_NodeWithControl_UnloadsEveryRuntimeThatHasIt_OrPutsItToSleep()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: Loaded));
        api.Fleet.ModelsOf("a").Runtimes = [new("http://a:8000", "vllm", "", [ModelAction.Sleep, ModelAction.Wake])];
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        await client.UnloadModelAsync(new() { ModelName = "m", TargetNodes = { "a" } });

        Assert.AreEqual(ModelAction.Sleep, api.Fleet.ModelsOf("a").Executed.Single().Action);
    }

    [TestMethod]
    public async Task UnloadModel_LoadedModel_NamesTheRuntimeThatCannot()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: Loaded), FakeFleet.Node("b"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        Assert.AreEqual("b", (await client.UnloadModelAsync(new() { ModelName = "m", TargetNodes = { "b" } })).UnloadedNodes.Single());
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.UnloadModelAsync(new() { ModelName = "m", TargetNodes = { "a" } }));
    }

    [TestMethod]
    public async Task PinModel_RivalWrites_IsDecidedAnew()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"), FakeFleet.Node("b"));
        var rivals = 2;
        api.Policies.BeforeWrite = name =>
        {
            if (rivals-- > 0) api.Policies.Current[name] = Pin(name, "m", version: 10 - rivals, priority: 7);
        };
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var policy = await client.PinModelAsync(new() { ModelName = "m", TargetNodes = { "b", "a" } });

        Assert.AreEqual(("pin-m", "a,b", 7, PolicyType.Placement), (policy.Name, string.Join(",", policy.Placement.Nodes), policy.Priority, policy.Type));
    }

    [TestMethod]
    public async Task PinModel_EndlessRival_IsAborted()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"));
        var version = 1;
        api.Policies.BeforeWrite = name => api.Policies.Current[name] = Pin(name, "m", ++version);
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var status = await RpcAssert.FailsAsync(StatusCode.Aborted, client.PinModelAsync(new() { ModelName = "m", TargetNodes = { "a" } }));

        Assert.AreEqual(version.ToString(System.Globalization.CultureInfo.InvariantCulture), RpcAssert.Detail<Google.Rpc.ErrorInfo>(status).Metadata["current_version"]);
    }

    [TestMethod]
    public async Task PinModel_UnknownNodes_AreNamed()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var e = await Assert.ThrowsAsync<RpcException>(() => client.PinModelAsync(new() { ModelName = "m", TargetNodes = { "a", "x", "y" } }).ResponseAsync);

        Assert.AreEqual(StatusCode.NotFound, e.StatusCode);
        StringAssert.Contains(e.Status.Detail, "x, y");
        Assert.IsEmpty(api.Policies.Current);
    }

    [TestMethod]
    public async Task UnpinModel_SomeThenAll_EndsThePin()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"), FakeFleet.Node("b"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        await client.PinModelAsync(new() { ModelName = "org/m", TargetNodes = { "a", "b" } });

        await RpcAssert.FailsAsync(StatusCode.NotFound, client.UnpinModelAsync(new() { ModelName = "org/m", TargetNodes = { "z" } }));
        Assert.AreEqual("b", (await client.UnpinModelAsync(new() { ModelName = "org/m", TargetNodes = { "a" } })).RemainingNodes.Single());
        Assert.IsEmpty((await client.UnpinModelAsync(new() { ModelName = "org/m" })).RemainingNodes);
        Assert.IsEmpty(api.Policies.Current);
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.UnpinModelAsync(new() { ModelName = "org/m" }));
    }

    [TestMethod]
    public void PinName_AnyModel_IsLegalAndItsOwn()
    {
        Assert.AreEqual("pin-llama-3.1", PinName.Of("llama-3.1"));
        StringAssert.StartsWith(PinName.Of("org/m"), "pin-org-m-");
        Assert.AreNotEqual(PinName.Of("org/m"), PinName.Of("org:m"));
        Assert.IsTrue(PinName.Of(new string('m', 256)).Length <= 128);
    }

    private static Domain.Policy Pin(string name, string model, long version, int priority = 0) => new()
    {
        Name = name,
        Version = version,
        Spec = new() { Kind = Domain.PolicyKind.Placement, Models = [model], Priority = priority, Placement = new() { Nodes = ["old"] } },
    };
}
