using InferMesh.Tests.EndToEnd.Clusters;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>Without storage the mesh routes on what it knows and takes no change, whole or half; with slow storage it is slow.</summary>
[TestClass]
public sealed class PostgresLossTests
{
    private const int Stop = 19;
    private const int Continue = 18;

    private static readonly ClusterPlan Plan = new() { Silos = 2, Apis = 1, Nodes = 2 };

    [TestMethod]
    [DataRow("fast")]
    [DataRow("immediate")]
    public async Task PostgresIsGone_RoutingGoesOn_WritesAre503_AndNothingIsHalfApplied(string mode)
    {
        await using var mesh = await LossMesh.StartAsync(Plan);
        Assert.AreEqual(1, (await mesh.PutAsync("kept", "first", create: true)).Version);
        var probe = await RouteProbe.StartAsync(mesh.Api);
        await using (probe)
        {
            await mesh.Cluster.Postgres!.StopAsync(mode);
            for (var i = 0; i < 5; i++)
            {
                using var refused = (await mesh.PutAsync("kept", "lost")).Response;
                await LossMesh.AssertUnavailableAsync(refused);
            }
            Assert.AreEqual((1, "first"), await mesh.GetAsync("kept"), "what was read before is still read");
            using var unknown = (await mesh.PutAsync("never-heard-of", "lost", create: true)).Response;
            await LossMesh.AssertUnavailableAsync(unknown);
            // On a fast machine all of that takes no time.
            await ExternalProcess.UntilAsync(() => Task.FromResult(probe.Made > 10), TimeSpan.FromSeconds(60), "decisions are asked for while the database is gone");
            await mesh.Cluster.Postgres.StartAgainAsync();
        }
        Assert.IsEmpty(probe.Failures, probe.ToString());

        await mesh.UntilWrittenAsync("kept", "second");
        Assert.AreEqual((2, "second"), await mesh.GetAsync("kept"), "none of the refused writes has been done");
        mesh.AssertNotRestarted();
    }

    [TestMethod]
    public async Task PostgresIsSlow_EachAcknowledgedWriteIsThere_AndReadsAreNeverStale()
    {
        await using var mesh = await LossMesh.StartAsync(Plan);
        await mesh.CheckWhileAsync(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                var processes = mesh.Cluster.Postgres!.ProcessIds();
                foreach (var pid in processes) MeshProcess.Kill(pid, Stop);
                // The last one is longer than a call may take.
                await Task.Delay(TimeSpan.FromSeconds(i == 5 ? 8 : 1.5));
                foreach (var pid in processes) MeshProcess.Kill(pid, Continue);
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        });
        mesh.AssertNotRestarted();
    }
}
