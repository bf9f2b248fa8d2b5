using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>Without the membership list the cluster goes on as it is; nobody joins; with the list, or with an empty one, all is as before.</summary>
[TestClass]
public sealed class RedisLossTests
{
    private const int Stop = 19;
    private const int Continue = 18;

    [TestMethod]
    public async Task RedisStandsStill_OrIsGone_AndComesBackEmpty_ClusterServesAndIsFoundAgain()
    {
        await using var mesh = await LossMesh.StartAsync(new() { Silos = 2, Apis = 1, Nodes = 2, IsRedisDurable = false });
        var (redis, silos) = (mesh.Cluster.Redis, mesh.Cluster.Silos);
        Assert.AreEqual(1, (await mesh.PutAsync("kept", "first", create: true)).Version);
        var probe = await RouteProbe.StartAsync(mesh.Api);
        await using (probe)
        {
            MeshProcess.Kill(redis.ProcessId, Stop);
            for (var version = 2; version < 12; version++) Assert.AreEqual(version, (await mesh.PutAsync("kept", "second")).Version, "Redis stands still");
            MeshProcess.Kill(redis.ProcessId, Continue);

            await redis.KillAsync();
            for (var version = 12; version < 22; version++) Assert.AreEqual(version, (await mesh.PutAsync("kept", "third")).Version, "Redis is gone");
        }
        Assert.IsEmpty(probe.Failures, probe.ToString());

        // A silo that ends now cannot come back before there is a list.
        silos[1].Kill(TimeSpan.Zero);
        await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.Cluster.LogLines().Any(static l => l.StartsWith("silo-1", StringComparison.Ordinal) && l.Contains("Waiting for Redis", StringComparison.Ordinal))), TimeSpan.FromMinutes(1), "the new silo waits for Redis");
        Assert.IsFalse(await mesh.Cluster.IsReadyAsync(silos[1].Address!));

        await redis.StartAgainAsync();
        // A silo that is not in the list is not ready.
        await mesh.Cluster.UntilReadyAsync(TimeSpan.FromMinutes(2));
        await mesh.UntilWrittenAsync("kept", "fourth");
        // Until the two are one cluster again each may hold the object: an older state may be seen, and can overwrite nothing.
        await ExternalProcess.UntilAsync(async () => (await mesh.GetAsync("kept")).Text == "fourth", TimeSpan.FromSeconds(30), "everybody sees what was written");
        Assert.AreEqual(1, silos[0].Starts, "the silo that had gone on was not started again");
        Assert.AreEqual(1, mesh.Cluster.Apis[0].Starts, "the API neither");
    }
}
