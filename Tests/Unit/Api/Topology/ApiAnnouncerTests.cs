using InferMesh.Api.Options;
using InferMesh.Api.Topology;
using InferMesh.Tests.Unit.Api.Fakes;
using InferMesh.Tests.Unit.Grains;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Api.Topology;

[TestClass]
public sealed class ApiAnnouncerTests
{
    /// <summary>Silos answer with a cancellation what has waited for too long: an API that took it for its own would end with it.</summary>
    [TestMethod]
    public async Task ClusterGivesUpOnACall_GoesOn()
    {
        var (mesh, time) = (new FakeMesh(), new ManualTime());
        mesh.Topology.Failure = new OperationCanceledException("Message expired before placement could complete.");
        using var announcer = new ApiAnnouncer(mesh.Client, new(new Fixed<ApiSettings>(new() { Name = "here" }), time), time, NullLogger<ApiAnnouncer>.Instance);
        await announcer.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(
            () =>
            {
                Assert.IsFalse(announcer.ExecuteTask!.IsCompleted, "it has ended");
                time.Advance(TimeSpan.FromSeconds(5));
                return mesh.Topology.List().Result.Count > 0;
            },
            "announced");
        await announcer.StopAsync(CancellationToken.None);
        Assert.AreEqual("here", (await mesh.Topology.List()).Single().Name);
        Assert.IsTrue(announcer.ExecuteTask!.IsCompletedSuccessfully);
    }
}
