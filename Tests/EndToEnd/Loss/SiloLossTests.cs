using System.Diagnostics;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>A silo that is killed is out within seconds; one that stands still is out, and leaves when it goes on; meanwhile decisions are made.</summary>
[TestClass]
public sealed class SiloLossTests
{
    private const int Stop = 19;
    private const int Continue = 18;

    /// <summary>Five times what it should take: the machine may be busy.</summary>
    private static readonly TimeSpan OutWithin = TimeSpan.FromSeconds(50);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(9)]
    [DataRow(Stop)]
    public async Task SiloIsKilled_OrStandsStill_ItsObjectsAnswerElsewhere_AndRoutingGoesOn(int signal)
    {
        await using var mesh = await LossMesh.StartAsync(new() { Silos = 3, Apis = 1, Nodes = 2 });
        await mesh.SpreadAsync();
        var silo = mesh.Cluster.Silos[1];
        var probe = await RouteProbe.StartAsync(mesh.Api);
        await using (probe)
        {
            var clock = Stopwatch.StartNew();
            if (signal == Stop) silo.Signal(Stop);
            else silo.Kill(TimeSpan.FromSeconds(30));
            var outAfter = await mesh.OutAfterAsync(clock).WaitAsync(OutWithin);
            TestContext.WriteLine($"out after {outAfter.TotalSeconds:0.0} s");
            // It may have been at once: when none of the objects was there.
            await ExternalProcess.UntilAsync(() => Task.FromResult(probe.Made > 10), OutWithin, "decisions are made");
        }
        // What was on its way to that silo waits for an answer that never comes, and is asked again.
        TestContext.WriteLine(probe.ToString());
        Assert.IsEmpty(probe.Failures, probe.ToString());
        if (signal == Stop) silo.Signal(Continue);
        // It finds itself dead, ends, and is started again as a new member.
        await ExternalProcess.UntilAsync(async () => silo.Starts == 2 && (await mesh.Cluster.NotReadyAsync()).Count == 0, TimeSpan.FromMinutes(2), "the silo has joined anew");
    }

    [TestMethod]
    public async Task SiloStandsStillForLong_NoClientReadsWhatIsStale_WhenItGoesOn()
    {
        await using var mesh = await LossMesh.StartAsync(new() { Silos = 3, Apis = 2 });
        await mesh.CheckWhileAsync(async () =>
        {
            foreach (var silo in mesh.Cluster.Silos.Take(2))
            {
                silo.Signal(Stop);
                await Task.Delay(TimeSpan.FromSeconds(8));
                silo.Signal(Continue);
                await Task.Delay(TimeSpan.FromSeconds(3));
            }
        });
    }

    [TestMethod]
    public async Task SilosDieAndJoinAnew_AgainAndAgain_NoClientReadsWhatIsStale()
    {
        await using var mesh = await LossMesh.StartAsync(new() { Silos = 3, Apis = 1 });
        await mesh.CheckWhileAsync(async () =>
        {
            foreach (var silo in mesh.Cluster.Silos)
            {
                var starts = silo.Starts;
                silo.Kill(TimeSpan.FromSeconds(1));
                await ExternalProcess.UntilAsync(async () => silo.Starts > starts && (await mesh.Cluster.NotReadyAsync()).Count == 0, TimeSpan.FromMinutes(2), "the silo has joined anew");
            }
        });
    }
}
