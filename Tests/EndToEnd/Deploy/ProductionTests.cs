using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.EndToEnd.Endurance;

namespace InferMesh.Tests.EndToEnd.Deploy;

/// <summary>The production profile as it is shipped: what is written stays, and nothing is lost while its processes die and are replaced.</summary>
[TestClass]
public sealed class ProductionTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    [TestMethod]
    public async Task Profile_SiloKilledAndAllReplaced_KeepsPoliciesAndLosesNoRequest()
    {
        await using var mesh = await ProductionMesh.StartAsync(silos: 3, apis: 2, nodes: 4);
        await ProductionMesh.UntilActiveAsync(mesh.Silos[0], 3);

        var version = await WriteAsync(mesh, mesh.Apis[0].Address, "if-none-match", "*", "least_queue");
        Assert.AreEqual(("least_queue", version), await ReadAsync(mesh, mesh.Apis[1].Address));
        using (var client = new HttpClient())
        using (var refused = await client.PutAsJsonAsync(new Uri(mesh.Balancer, "/api/v1/policies/kept"), Policy("mesh")))
            Assert.AreEqual(HttpStatusCode.Unauthorized, refused.StatusCode, "without the key of the secrets nobody changes the mesh");

        using var load = new Load([mesh.Balancer], 5, (5, 30), mesh.AdminKey);
        using var stop = new CancellationTokenSource();
        var sending = load.RunAsync(stop.Token);
        await Task.Delay(Pause);

        // kill -9: the others notice, and its grains come up on them.
        await mesh.Silos[0].Process.DisposeAsync();
        mesh.Silos.RemoveAt(0);
        foreach (var silo in mesh.Silos) await ProductionMesh.UntilActiveAsync(silo, 2);
        version = await WriteAsync(mesh, mesh.Apis[1].Address, "if-match", version, "mesh");
        Assert.AreEqual(("mesh", version), await ReadAsync(mesh, mesh.Apis[0].Address));

        // As Kubernetes rolls: a new silo is ready before an old one is told to stop.
        await AddSiloAsync(mesh);
        for (var old = 0; old < 2; old++)
        {
            await AddSiloAsync(mesh);
            Assert.AreEqual(0, await mesh.Silos[0].Process.TerminateAsync(), mesh.Silos[0].Process.Output);
            await mesh.Silos[0].Process.DisposeAsync();
            mesh.Silos.RemoveAt(0);
            await Task.Delay(Pause);
        }
        await ProductionMesh.UntilActiveAsync(mesh.Silos[0], 3);
        for (var i = 0; i < mesh.Apis.Count; i++)
        {
            var old = mesh.Apis[i];
            Assert.AreEqual(0, await old.Process.TerminateAsync(), old.Process.Output);
            mesh.Apis[i] = mesh.Api($"api-{i + 1}", inPlaceOf: old);
            await old.Process.DisposeAsync();
            await ProductionMesh.UntilReadyAsync(mesh.Apis[i]);
            await Task.Delay(Pause);
        }

        await stop.CancelAsync();
        await sending;
        Assert.IsGreaterThan(50, load.Over.Count);
        var lost = load.Over.Where(static r => r.End != RequestEnd.Complete).ToArray();
        Assert.IsEmpty(lost, string.Join("\n", lost.Take(5)));
        foreach (var api in mesh.Apis) Assert.AreEqual(("mesh", version), await ReadAsync(mesh, api.Address));
    }

    private static async Task AddSiloAsync(ProductionMesh mesh)
    {
        var silo = mesh.Silo();
        mesh.Silos.Add(silo);
        await ProductionMesh.UntilReadyAsync(silo);
    }

    private static object Policy(string strategy) => new { kind = "routing", routing = new { strategy } };

    private static async Task<string> WriteAsync(ProductionMesh mesh, Uri api, string condition, string version, string strategy)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(api, "/api/v1/policies/kept")) { Content = JsonContent.Create(Policy(strategy)) };
        request.Headers.TryAddWithoutValidation(condition, version);
        request.Headers.TryAddWithoutValidation("x-api-key", mesh.AdminKey);
        using var response = await client.SendAsync(request);
        Assert.IsTrue(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return response.Headers.ETag!.ToString();
    }

    private static async Task<(string Strategy, string Version)> ReadAsync(ProductionMesh mesh, Uri api)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", mesh.AdminKey);
        using var response = await client.GetAsync(new Uri(api, "/api/v1/policies/kept"));
        using var policy = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (policy.RootElement.GetProperty("spec").GetProperty("routing").GetProperty("strategy").GetString()!, response.Headers.ETag!.ToString());
    }
}
