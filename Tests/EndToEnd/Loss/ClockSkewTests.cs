using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>A silo whose clock is wrong joins and writes as the others do: versions order changes, not clocks. How old readings are is told by clocks: a second of difference is borne.</summary>
[TestClass]
public sealed class ClockSkewTests
{
    private static readonly string[] Folders = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib64/faketime", "/usr/lib/faketime"];

    [TestMethod]
    [DataRow("+600s")]
    [DataRow("-600s")]
    public async Task OneClockIsFarOff_AllJoin_AndObjectsAreLinearizable(string skew)
    {
        await using var mesh = await StartAsync(skew, nodes: 0);
        await mesh.CheckWhileAsync(static () => Task.Delay(TimeSpan.FromSeconds(10)));
        mesh.AssertNotRestarted();
    }

    [TestMethod]
    public async Task OneClockIsASecondOff_NodesAreReady_AndRequestsAreRouted()
    {
        await using var mesh = await StartAsync("+1s", nodes: 2);
        await ExternalProcess.UntilAsync(
            async () => (await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/nodes?health=ready")).GetProperty("items").GetArrayLength() == 2, TimeSpan.FromMinutes(1), "both nodes are ready");
        var probe = await RouteProbe.StartAsync(mesh.Api);
        await using (probe) await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.IsGreaterThan(0, probe.Made);
        Assert.IsEmpty(probe.Failures, probe.ToString());
    }

    private static async Task<LossMesh> StartAsync(string skew, int nodes)
    {
        var library = Folders.Select(static f => Path.Combine(f, "libfaketime.so.1")).FirstOrDefault(File.Exists);
        if (library is null) Assert.Inconclusive("libfaketime is not installed (Debian: apt-get install libfaketime)");
        return await LossMesh.StartAsync(new()
        {
            Silos = 3,
            Apis = 1,
            Nodes = nodes,
            SiloEnvironment = number => number == 1 ? [("LD_PRELOAD", library), ("FAKETIME", skew), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")] : [],
        });
    }
}
