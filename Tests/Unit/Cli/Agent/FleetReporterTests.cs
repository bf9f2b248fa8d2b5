using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Fleet;
using InferMesh.Simulator.World;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class FleetReporterTests
{
    [TestMethod]
    public async Task RunAsync_FleetServes_EveryNodeReportsItsRealPageUnderTheSyntheticLabel()
    {
        await using var server = await StatePlaneServer.StartAsync();
        await using var fleet = await SyntheticFleet.StartAsync(
            new FleetOptions { Nodes = 3, Cells = 1, BasePort = 0, AdminPort = 0 }, TimeProvider.System, CancellationToken.None);
        fleet.Nodes[2].Silent = true;
        using var stop = new CancellationTokenSource();
        var running = new FleetReporter([server.Address], TimeSpan.FromMilliseconds(100), NullLoggerFactory.Instance, TimeProvider.System).RunAsync(fleet.Nodes, stop.Token);
        await Eventually.HoldsAsync(() => server.Reports.Select(report => report.NodeId).Distinct().Count() == 2 && server.OpenStreams == 3 && server.Reports.Count > 10, "reports");

        var node = fleet.Nodes[0];
        var registration = server.Registrations.First(registration => registration.NodeId == node.Id);
        Assert.IsTrue(registration.Synthetic);
        Assert.AreEqual("true", registration.Labels["synthetic"]);
        Assert.AreEqual(node.GpuProfile.Name, registration.Labels["gpu"]);
        var report = server.Reports.First(report => report.NodeId == node.Id && report.Runtimes is { Runtimes: [{ Healthy: true }] });
        var runtime = report.Runtimes.Runtimes[0];
        Assert.AreEqual(node.Endpoint.GetLeftPart(UriPartial.Authority), runtime.Endpoint);
        Assert.IsTrue(await SaysSyntheticAsync(node), "an agent that reads this page knows that it is an imitation");
        Assert.AreEqual(FleetOptions.DefaultModel, runtime.Models[0].Labels.Model);
        Assert.AreEqual(node.GpuProfile.PriceUsdPerHour, runtime.PricePerHour);
        Assert.AreEqual(node.GpuProfile.PrefillTokensPerSecond, runtime.Models[0].PrefillCapacityTokensPerSecond);
        Assert.StartsWith("GPU-SYNTHETIC-", server.Reports.First(other => other.NodeId == node.Id && other.Gpus is not null).Gpus.Gpus[0].GpuUuid);
        Assert.DoesNotContain(fleet.Nodes[2].Id, server.Reports.Select(other => other.NodeId).ToArray());

        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static async Task<bool> SaysSyntheticAsync(SyntheticNode node)
    {
        using var clients = new ProbeClients();
        return (await RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, clients.Shared, new RuntimeProbeOptions { Endpoint = node.Endpoint }, TimeProvider.System).ReadAsync(CancellationToken.None)).Synthetic;
    }

    [TestMethod]
    public void Capacity_EveryProfile_IsOrderedAndScalesWithTime()
    {
        foreach (var profile in GpuCatalog.All)
        {
            var capacity = FleetCapacity.Of(profile, 1);
            var half = FleetCapacity.Of(profile, 2);
            Assert.IsGreaterThan(1 / capacity.MinSecondsPerToken!.Value, capacity.DecodeTokensPerSecond!.Value, profile.Name);
            Assert.AreEqual(capacity.DecodeTokensPerSecond.Value / 2, half.DecodeTokensPerSecond!.Value, 1e-6);
            Assert.AreEqual(capacity.MinSecondsPerToken.Value * 2, half.MinSecondsPerToken!.Value, 1e-9);
            Assert.AreEqual(capacity.MaxConcurrency, half.MaxConcurrency);
        }
    }
}
