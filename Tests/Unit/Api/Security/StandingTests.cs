extern alias cli;
using cli::InferMesh.Control.V1;
using cli::InferMesh.Jobs.V1;
using cli::InferMesh.State.V1;
using Grpc.Core;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using InferMesh.Tests.Unit.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.Extensions.DependencyInjection;
using ApiKey = InferMesh.Grains.Abstractions.Security.ApiKey;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>A call that stays open ends with what it was opened with, on every plane.</summary>
[TestClass]
public sealed class StandingTests
{
    private const string Admin = "key-of-sixteen-characters";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [TestMethod]
    [DataRow("/api/v1/events")]
    [DataRow("/api/v1/jobs/j-1/events")]
    [DataRow("/api/v1/fleet?intervalSeconds=60")]
    public async Task Stream_KeyRevoked_EndsAndSaysWhy(string path)
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        api.Mesh.Jobs.Put("j-1");
        var key = await KeyAsync(api);
        using var stream = await StreamAsync(api, path, key);
        await api.Mesh.Keys.Revoke(key.Split('_')[1], "test");
        var rest = await stream.ReadToEndAsync().WaitAsync(Patience);
        StringAssert.Contains(rest, "event: UNAUTHENTICATED\ndata: {\"detail\":");
    }

    [TestMethod]
    public async Task Stream_KeyExpires_Ends()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        var key = await KeyAsync(api, k => k with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(8) });
        using var stream = await StreamAsync(api, "/api/v1/events", key);
        StringAssert.Contains(await stream.ReadToEndAsync().WaitAsync(Patience), "event: UNAUTHENTICATED");
    }

    [TestMethod]
    public async Task Subscription_KeyRevoked_IsUnauthenticated()
    {
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:Security:Mode", "Enforced"));
        var (key, headers) = await KeyAsync(api, Role.Viewer);
        using var events = new ControlPlane.ControlPlaneClient(api.Channel).SubscribeEvents(new(), headers);
        await events.ResponseHeadersAsync.WaitAsync(Patience);
        await api.Keys.Revoke(key.Split('_')[1], "test");
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, () => events.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
    }

    [TestMethod]
    public async Task WatchOfAJob_KeyRevoked_IsUnauthenticated()
    {
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:Security:Mode", "Enforced"));
        api.Jobs.Put("j-1");
        var (key, headers) = await KeyAsync(api, Role.Viewer);
        using var watch = new JobPlane.JobPlaneClient(api.Channel).WatchJob(new() { JobId = "j-1" }, headers);
        Assert.IsTrue(await watch.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        await api.Keys.Revoke(key.Split('_')[1], "test");
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, () => watch.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
    }

    [TestMethod]
    public async Task Reports_KeyRevoked_AreTakenNoMore()
    {
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:Security:Mode", "Enforced"));
        api.Fleet.Put(FakeFleet.Node("n-1"));
        var (key, headers) = await KeyAsync(api, Role.NodeAgent);
        using var report = new StatePlane.StatePlaneClient(api.Channel).ReportGpuState(headers);
        await report.RequestStream.WriteAsync(new() { NodeId = "n-1", Epoch = 1, Sequence = 1, Gpus = new() });
        Assert.IsTrue(await report.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
        await api.Keys.Revoke(key.Split('_')[1], "test");
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, async () =>
        {
            for (var sequence = 2; sequence < 1000; sequence++)
            {
                await report.RequestStream.WriteAsync(new() { NodeId = "n-1", Epoch = 1, Sequence = sequence, Gpus = new() });
                if (!await report.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience)) break;
                await Task.Delay(20);
            }
        });
    }

    [TestMethod]
    public void KeyOfTheSettings_TakenOutOfThem_StandsNoMore()
    {
        var settings = new ApiSettings { AdminKeys = [Admin], ViewerKeys = ["another-key-of-the-settings"] };
        var caller = new KeyCallers(new InferMesh.Tests.Unit.Grains.Fixed<ApiSettings>(settings), null!, TimeProvider.System).FindConfigured(Admin)!;
        Assert.IsTrue(caller.Stands(DateTimeOffset.UtcNow));
        settings.ViewerKeys = [Admin];
        Assert.IsTrue(caller.Stands(DateTimeOffset.UtcNow));
        settings.AdminKeys = [];
        Assert.IsFalse(caller.Stands(DateTimeOffset.UtcNow), "a viewer's key is not the admin's");
    }

    private static async Task<string> KeyAsync(ApiHost api, Func<ApiKey, ApiKey>? change = null)
    {
        var key = AccessCallers.Add(api.Mesh.Keys, "k", Role.Viewer, Scope.Mesh, change);
        await Eventually.HoldsAsync(() => (int)api.GetAsync("/api/v1/whoami", ("x-api-key", key)).Result.Status == 200, "the key is known");
        return key;
    }

    private static async Task<(string Key, Metadata Headers)> KeyAsync(ApiUnderTest api, Role role)
    {
        var key = AccessCallers.Add(api.Keys, "k", role, Scope.Mesh);
        var directory = api.Services.GetRequiredService<KeyDirectory>();
        await Eventually.HoldsAsync(() => directory.Known?.Keys.ContainsKey(key.Split('_')[1]) == true, "the key is known");
        return (key, new() { { "x-api-key", key } });
    }

    private static async Task<StreamReader> StreamAsync(ApiHost api, string path, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/event-stream");
        request.Headers.Add("x-api-key", key);
        var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(await response.Content.ReadAsStreamAsync());
    }
}
