using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Start, stop, start again: what is promised to survive does, and nothing stays behind.</summary>
[TestClass]
public sealed partial class LifeTests
{
    [TestMethod]
    public async Task StopAndStart_OnSqlite_PoliciesAndNodesSurvive_AndNoProcessStays()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-life-").FullName;
        try
        {
            await SurvivesAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task StopAndStart_OnPostgresAndRedis_PoliciesAndNodesSurvive()
    {
        await using var postgres = await PostgresFixture.StartAsync();
        await using var redis = await RedisFixture.StartAsync();
        var folder = Directory.CreateTempSubdirectory("infermesh-life-").FullName;
        try
        {
            await SurvivesAsync(folder, $"--ConnectionStrings:meshdb={postgres.ConnectionString}", $"--ConnectionStrings:redis={redis.ConnectionString}");
            Assert.IsFalse(File.Exists(Path.Combine(folder, "infermesh.db")), "nothing is in SQLite");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task KilledAppHost_LeavesNoProcessBehind()
    {
        // With the embedded Redis: every process of ours watches its parent (redis-server does not; the next start stops a stale one).
        var mesh = await MeshProcess.StartAsync(readyNodes: 0, settings: ["--Mesh:Fleet=false", "--Mesh:Redis=embedded"]);
        await using var cleanup = mesh;
        Assert.IsGreaterThanOrEqualTo(4, mesh.Descendants().Count);
        mesh.Signal(9);
        await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.Descendants().Count == 0), TimeSpan.FromSeconds(60), "Redis, silos and API stop by themselves");
    }

    private static async Task SurvivesAsync(string folder, params string[] settings)
    {
        await using (var mesh = await MeshProcess.StartAsync(folder, settings: settings))
        {
            using var node = await mesh.Api.PutAsJsonAsync("/api/v1/nodes/kept", new { cell = "cell-kept", labels = new { rack = "r1" } });
            Assert.AreEqual(HttpStatusCode.Created, node.StatusCode);
            using var cordoned = await mesh.Api.PostAsJsonAsync("/api/v1/nodes/kept:cordon", new { reason = "spare" });
            Assert.AreEqual(HttpStatusCode.OK, cordoned.StatusCode);
            using var policy = await mesh.Api.PostAsJsonAsync("/api/v1/policies", new { name = "kept-policy", kind = "routing", routing = new { strategy = "least_queue" } });
            Assert.AreEqual(HttpStatusCode.Created, policy.StatusCode);
            mesh.Signal(15);
            Assert.AreEqual(0, await mesh.WaitForExitAsync(TimeSpan.FromSeconds(60)));
            Assert.IsEmpty(mesh.Descendants(), "processes left behind");
            // A process that rewrites its title hides its environment: redis-server is known by its port.
            if (RedisPort().Match(mesh.Output) is { Success: true } redis)
            {
                using var client = new TcpClient();
                await Assert.ThrowsExactlyAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, int.Parse(redis.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));
            }
        }

        await using var again = await MeshProcess.StartAsync(folder, settings: settings);
        var view = await again.Api.GetFromJsonAsync<JsonElement>("/api/v1/nodes/kept");
        Assert.AreEqual("r1", view.GetProperty("labels").GetProperty("rack").GetString());
        Assert.AreEqual("spare", view.GetProperty("reason").GetString());
        var stored = await again.Api.GetFromJsonAsync<JsonElement>("/api/v1/policies/kept-policy");
        Assert.AreEqual("least_queue", stored.GetProperty("spec").GetProperty("routing").GetProperty("strategy").GetString());
        await ExternalProcess.UntilAsync(
            async () => (await (await again.Api.PostAsJsonAsync("/api/v1/route:dryRun", new { model = "llama-3.1-8b-instruct" })).Content.ReadFromJsonAsync<JsonElement>())
                .GetProperty("strategy").GetString() == "least_queue",
            TimeSpan.FromSeconds(30), "the kept policy is in force");
    }

    [GeneratedRegex(@"redis-server, 127\.0\.0\.1:(\d+)")]
    private static partial Regex RedisPort();
}
