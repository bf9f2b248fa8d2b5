using System.Diagnostics;
using InferMesh.Tests.EndToEnd.Clusters;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>
/// One silo of three is cut off: the two that see each other go on, the one that is alone cannot vote them out, and ends when it sees that it is out. Objects stay linearizable throughout.
/// </summary>
[TestClass]
public sealed class PartitionTests
{
    private const int Alone = 1;

    /// <summary>Three times the goal: the machine may be busy.</summary>
    private static readonly TimeSpan OutWithin = TimeSpan.FromSeconds(30);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(true, DisplayName = "it still reaches the databases")]
    [DataRow(false, DisplayName = "it reaches nothing")]
    public async Task OneSiloIsCutOff_TheOthersGoOn_AndItJoinsAnewWhenTheNetworkIsMended(bool reachesStorage)
    {
        await using var firewall = await Firewall.OpenAsync();
        await using var mesh = await LossMesh.StartAsync(new() { Silos = 3, Apis = 1, Nodes = 2, SiloPrefix = static number => number == Alone ? Firewall.Prefix : [] });
        var ports = mesh.Cluster.SiloPorts;
        var others = ports.Where(static (_, i) => i != Alone).SelectMany(static p => new[] { p.Silos, p.Clients });
        if (!reachesStorage) others = [.. others, mesh.Cluster.Redis.Port, mesh.Cluster.Postgres!.Port];
        await mesh.SpreadAsync();
        var starts = mesh.Cluster.Silos.Select(static s => s.Starts).ToArray();
        var probe = await RouteProbe.StartAsync(mesh.Api);
        await using (probe)
        {
            await mesh.CheckWhileAsync(async () =>
            {
                var clock = Stopwatch.StartNew();
                await firewall.CutAsync(ports[Alone], others);
                var outAfter = await mesh.OutAfterAsync(clock).WaitAsync(OutWithin);
                TestContext.WriteLine($"out after {outAfter.TotalSeconds:0.0} s");
                await Task.Delay(TimeSpan.FromSeconds(5));
                await firewall.MendAsync();
                await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.Cluster.Silos[Alone].Starts > starts[Alone]), TimeSpan.FromMinutes(1), $"it ends by itself\n{mesh.Cluster.Logs()}");
            });
        }
        TestContext.WriteLine(probe.ToString());
        Assert.IsEmpty(probe.Failures, $"{probe}\n{string.Join('\n', mesh.Cluster.LogLines().Where(static l => l.Contains("route:dryRun", StringComparison.Ordinal)).TakeLast(20))}");
        foreach (var other in mesh.Cluster.Silos.Where(static (_, i) => i != Alone)) Assert.AreEqual(1, other.Starts, $"{other.Name} was voted out by the one that was alone\n{mesh.Cluster.Logs()}");
    }
}
