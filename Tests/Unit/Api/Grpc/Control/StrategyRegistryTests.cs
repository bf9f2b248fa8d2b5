extern alias cli;
using cli::InferMesh.Control.V1;
using Google.Protobuf;
using Grpc.Core;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using InferMesh.Tests.Unit.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

/// <summary>The registry of strategies over gRPC says what REST says.</summary>
[TestClass]
public sealed class StrategyRegistryTests
{
    [TestMethod]
    public async Task Push_InParts_IsStoredEnabledReplacedAndRemoved()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StrategyRegistry.StrategyRegistryClient(api.Channel);
        Assert.AreEqual("1.0.0", (await PushAsync(client, Archive("1.0.0"), dryRun: true)).Versions.Single().Version);
        Assert.IsNull(api.Plugins.Plugin("my_mesh").Current);
        var pushed = await PushAsync(client, Archive("1.0.0"));
        Assert.AreEqual(("my_mesh", "routing", false, StrategySource.Plugin), (pushed.Name, pushed.Kind, pushed.Enabled, pushed.Source));
        Assert.AreEqual((64, "wasm"), (pushed.Versions.Single().Digest.Length, pushed.Versions.Single().Runtime));
        Assert.AreEqual("1.0.0", (await client.EnableStrategyAsync(new() { Name = "my_mesh" })).Version);
        await PushAsync(client, Archive("1.1.0"));
        Assert.AreEqual(("1.1.0", "1.0.0"), ((await client.EnableStrategyAsync(new() { Name = "my_mesh", Version = "1.1.0" })) is var s ? (s.Version, s.PreviousVersion) : default));
        Assert.AreEqual("1.0.0", (await client.RollbackStrategyAsync(new() { Name = "my_mesh" })).Version);
        Assert.AreEqual(await client.GetStrategyAsync(new() { Name = "my_mesh" }), (await client.ListStrategiesAsync(new() { Source = StrategySource.Plugin })).Strategies.Single());
        Assert.AreEqual(StrategySource.Catalogue, (await client.GetStrategyAsync(new() { Name = "hybrid_mesh" })).Source);
        Assert.Contains(x => x.Name == "mesh", (await client.ListStrategiesAsync(new())).Strategies);
        Assert.IsFalse((await client.DisableStrategyAsync(new() { Name = "my_mesh" })).Enabled);
        await client.RemoveStrategyAsync(new() { Name = "my_mesh" });
        Assert.AreEqual(StatusCode.NotFound, (await Assert.ThrowsExactlyAsync<RpcException>(() => client.GetStrategyAsync(new() { Name = "my_mesh" }).ResponseAsync)).StatusCode);
    }

    [TestMethod]
    public async Task Change_ThatIsRefused_SaysWhy()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StrategyRegistry.StrategyRegistryClient(api.Channel);
        await PushAsync(client, Archive("1.0.0"));
        api.Plugins.Users["my_mesh"] = ["policy/chat"];
        var inUse = await FailsAsync(client.DisableStrategyAsync(new() { Name = "my_mesh" }).ResponseAsync, StatusCode.FailedPrecondition);
        var details = inUse.GetRpcStatus()!.GetDetail<global::Google.Rpc.PreconditionFailure>()!;
        CollectionAssert.AreEqual(new[] { "NAME my_mesh", "USED_BY policy/chat" }, details.Violations.Select(v => $"{v.Type} {v.Subject}").ToArray());
        await client.DisableStrategyAsync(new() { Name = "my_mesh", Force = true });
        await FailsAsync(client.RollbackStrategyAsync(new() { Name = "my_mesh" }).ResponseAsync, StatusCode.FailedPrecondition);
        StringAssert.Contains((await FailsAsync(client.EnableStrategyAsync(new() { Name = "my_mesh", Version = "9.0.0" }).ResponseAsync, StatusCode.NotFound)).Status.Detail, "my_mesh@9.0.0");
        StringAssert.StartsWith((await FailsAsync(client.EnableStrategyAsync(new() { Name = "no name" }).ResponseAsync, StatusCode.InvalidArgument)).Status.Detail, "name:");
        StringAssert.StartsWith((await FailsAsync(PushAsync(client, [1, 2, 3]), StatusCode.InvalidArgument)).Status.Detail, "archive:");
        StringAssert.StartsWith((await FailsAsync(PushAsync(client, new byte[(8 << 20) + 1]), StatusCode.InvalidArgument)).Status.Detail, "archive:");
        StringAssert.StartsWith((await FailsAsync(client.ListStrategiesAsync(new() { Source = (StrategySource)9 }).ResponseAsync, StatusCode.InvalidArgument)).Status.Detail, "source:");
    }

    [TestMethod]
    public async Task Test_OfAVersion_SaysWhatWouldChange()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StrategyRegistry.StrategyRegistryClient(api.Channel);
        await PushAsync(client, Archive("1.0.0"));
        var trial = await client.TestStrategyAsync(new() { Name = "my_mesh", Recent = 5 });
        Assert.AreEqual(("my_mesh@1.0.0", 3L, false), (trial.Strategy, trial.Failures["trap"], trial.HasMeanSecondsNow));
        StringAssert.StartsWith((await FailsAsync(client.TestStrategyAsync(new() { Name = "my_mesh", Recent = 500 }).ResponseAsync, StatusCode.InvalidArgument)).Status.Detail, "recent:");
        StringAssert.StartsWith((await FailsAsync(client.TestStrategyAsync(new() { Name = "my_mesh", Version = "2.0.0" }).ResponseAsync, StatusCode.InvalidArgument)).Status.Detail, "version:");
        StringAssert.StartsWith((await FailsAsync(client.TestStrategyAsync(new() { Name = "my_mesh", Parameters = { { "x", 1 } } }).ResponseAsync, StatusCode.InvalidArgument)).Status.Detail, "parameters.x:");
        await FailsAsync(client.TestStrategyAsync(new() { Name = "other" }).ResponseAsync, StatusCode.NotFound);
    }

    private static byte[] Archive(string version)
    {
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = Packages.Prebuilt("hybrid_mesh_c.wasm") };
        return Packages.Zip(files, new PluginManifest { Name = "my_mesh", Version = version, Kind = PluginKind.Routing, Runtime = PluginRuntime.Wasm, Main = "main.wasm", Files = Packages.Hashes(files) });
    }

    private static async Task<Strategy> PushAsync(StrategyRegistry.StrategyRegistryClient client, byte[] archive, bool dryRun = false)
    {
        using var call = client.PushStrategy();
        try
        {
            foreach (var part in archive.Chunk(Math.Max(1, archive.Length / 3))) await call.RequestStream.WriteAsync(new() { Archive = ByteString.CopyFrom(part), DryRun = dryRun });
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // What it was refused for is the answer.
        }
        return await call.ResponseAsync;
    }

    private static async Task<RpcException> FailsAsync<T>(Task<T> call, StatusCode expected)
    {
        var failure = await Assert.ThrowsExactlyAsync<RpcException>(() => call);
        Assert.AreEqual(expected, failure.StatusCode, failure.Status.Detail);
        return failure;
    }
}
