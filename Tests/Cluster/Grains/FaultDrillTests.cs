using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Faults are put into the readings of a node that others could stand in for: it leaves rotation, comes back on trial, and then for good.</summary>
[TestClass]
public sealed class FaultDrillTests
{
    private volatile Func<NodeTelemetry, NodeTelemetry> _readings = static telemetry => telemetry;

    public static IEnumerable<(string Name, FaultKind Kind, Func<GpuSample, GpuSample> Fault)> GpuFaults =>
    [
        ("XID 79", FaultKind.Xid, static gpu => gpu with { LastXid = 79 }),
        ("double-bit ECC", FaultKind.EccUncorrected, static gpu => gpu with { EccUncorrectedErrors = 1 }),
        ("thermal throttle", FaultKind.ThermalThrottle, static gpu => gpu with { ThermalThrottled = true, TemperatureCelsius = 95 }),
        ("lost GPU", FaultKind.GpuLost, static gpu => gpu with { Lost = true }),
        ("NVLink down", FaultKind.NvLinkDown, static gpu => gpu with { NvLinkActiveLinks = 16 }),
    ];

    [TestMethod]
    [DynamicData(nameof(GpuFaults))]
    public async Task GpuFault_TakesTheNodeOut_AndATrialPutsItBack(string name, FaultKind kind, Func<GpuSample, GpuSample> fault)
    {
        var (node, other, cell, model) = (Unique("node"), Unique("node"), Unique("cell"), Unique("model"));
        var grain = await RegisterAsync(node, cell);
        await RegisterAsync(other, cell);
        await using var peer = KeepReporting(other, model);
        _readings = telemetry => Gpu(telemetry, static gpu => gpu);
        await using var reporting = KeepReporting(node, model, telemetry => _readings(telemetry));
        await EventuallyAsync(() => DecideAsync(model), d => d.Eligible == 2, "both are eligible");

        _readings = telemetry => Gpu(telemetry, fault);
        await EventuallyAsync(() => DecideAsync(model), d => d.Eligible == 1 && d.Excluded.Single() is { Reason: "node_quarantined" } e && e.NodeId == node, $"out of rotation: {name}");
        var view = (await grain.Get())!;
        Assert.AreEqual((NodeHealth.Quarantined, kind, 1), (view.Health, view.Quarantine!.Fault.Kind, view.Quarantine.Times));
        Assert.AreEqual($"GPU-{node}", view.Quarantine.Fault.Subject);
        Assert.IsNotEmpty(view.Quarantine.Fault.Evidence);

        var repaired = DateTimeOffset.UtcNow;
        // What is counted stays counted; states end.
        _readings = telemetry => Gpu(telemetry, kind is FaultKind.Xid or FaultKind.EccUncorrected ? fault : static gpu => gpu);
        await EventuallyAsync(() => grain.Get(), v => v!.Health == NodeHealth.Probing, "on trial");
        await EventuallyAsync(() => grain.Get(), v => v!.Health == NodeHealth.Ready, "back");
        Assert.IsGreaterThan(Probation, DateTimeOffset.UtcNow - repaired);
        await EventuallyAsync(() => DecideAsync(model), d => d.Eligible == 2, "in rotation again");

        var seen = await EventuallyAsync(() => HealthEventsAsync(node), e => e.Count >= 3 && e[^1].Data["to"] == "ready", "its events");
        CollectionAssert.IsSubsetOf(new[] { "quarantined", "probing", "ready" }, seen.Select(e => e.Data["to"]).ToArray());
        var quarantined = seen.First(e => e.Data["to"] == "quarantined");
        Assert.AreEqual(($"GPU-{node}", view.Quarantine.Fault.Evidence), (quarantined.Data["subject"], quarantined.Data["evidence"]));
    }

    [TestMethod]
    public async Task FaultThatComesBack_KeepsTheNodeOutTwiceAsLong()
    {
        var (node, other, cell, model) = (Unique("node"), Unique("node"), Unique("cell"), Unique("model"));
        var grain = await RegisterAsync(node, cell);
        await RegisterAsync(other, cell);
        await using var peer = KeepReporting(other, model);
        await using var reporting = KeepReporting(node, model, telemetry => _readings(telemetry));
        for (var times = 1; times <= 2; times++)
        {
            _readings = static telemetry => Gpu(telemetry, static gpu => gpu with { Lost = true });
            var quarantine = (await EventuallyAsync(() => grain.Get(), v => v!.Quarantine is { Probing: false }, "out"))!.Quarantine!;
            _readings = static telemetry => telemetry;
            Assert.AreEqual(times, quarantine.Times);
            Assert.IsGreaterThanOrEqualTo(times * Quarantine, quarantine.Until - quarantine.Since);
            await EventuallyAsync(() => grain.Get(), v => v!.Health == NodeHealth.Probing, "on trial");
        }
    }

    [TestMethod]
    public async Task AnswerOfAWriteLost_WhatFollowsIsStoredAllTheSame()
    {
        var (node, other, cell, model) = (Unique("node"), Unique("node"), Unique("cell"), Unique("model"));
        var grain = await RegisterAsync(node, cell);
        await RegisterAsync(other, cell);
        await using var peer = KeepReporting(other, model);
        await using (KeepReporting(node, model, telemetry => _readings(telemetry)))
        {
            await EventuallyAsync(() => DecideAsync(model), d => d.Eligible == 2, "both are eligible");
            FailingWrites.Fail($"node/node/{node}", done: true);
            _readings = static telemetry => Gpu(telemetry, static gpu => gpu with { Lost = true });
            await EventuallyAsync(() => grain.Get(), v => v!.Quarantine is { Probing: false }, "out");
            _readings = static telemetry => telemetry;
            await EventuallyAsync(() => grain.Get(), v => v!.Quarantine is null, "back");
        }
        await Silos.DeactivateAsync(grain);
        Assert.IsNull((await grain.Get())!.Quarantine, "and so it is stored");
    }

    [TestMethod]
    public async Task SilentExporter_TakesTheNodeOut()
    {
        var (node, other, cell, model) = (Unique("node"), Unique("node"), Unique("cell"), Unique("model"));
        var grain = await RegisterAsync(node, cell);
        await RegisterAsync(other, cell);
        await using var peer = KeepReporting(other, model);
        await using var reporting = KeepReporting(node, model, telemetry => _readings(telemetry));
        await EventuallyAsync(() => DecideAsync(model), d => d.Eligible == 2, "both are eligible");
        _readings = static telemetry => telemetry with { Runtimes = [.. telemetry.Runtimes!.Select(r => r with { Models = [.. r.Models.Select(m => m with { Running = null, Waiting = null })] })] };
        var view = await EventuallyAsync(() => grain.Get(), v => v!.Health == NodeHealth.Quarantined, "out of rotation");
        Assert.AreEqual(FaultKind.SilentSignals, view!.Quarantine!.Fault.Kind);
    }

    [TestMethod]
    public async Task SkewedClockAndRestartedAgent_ChangeNothing()
    {
        var (node, cell, model) = (Unique("node"), Unique("cell"), Unique("model"));
        var grain = await RegisterAsync(node, cell);
        // The time of a reading is the receiver's: an agent's clock has no say. A restarted agent begins at 1 in an epoch of its own.
        await ReportAsync(Telemetry(node, model, sequence: 500, running: 5, epoch: 1));
        await EventuallyAsync(() => grain.Get(), v => v!.Sequence == 500, "read");
        await ReportAsync(Telemetry(node, model, sequence: 1, running: 6, epoch: 2));
        var view = await EventuallyAsync(() => grain.Get(), v => v!.Epoch == 2, "the new epoch");
        Assert.AreEqual((NodeHealth.Ready, 6.0, null), (view!.Health, view.Runtimes[0].Models[0].Running, view.Quarantine));
        await ReportAsync(Telemetry(node, model, sequence: 501, running: 7, epoch: 1));
        view = await EventuallyAsync(() => grain.Get(), v => v!.DroppedBatches == 1, "the old epoch is dropped");
        Assert.AreEqual((NodeHealth.Ready, 6.0), (view!.Health, view.Runtimes[0].Models[0].Running));
    }

    [TestMethod]
    public async Task OperatorsQuarantineAndMaintenance_LastUntilUncordon()
    {
        var (node, model) = (Unique("node"), Unique("model"));
        var grain = await RegisterAsync(node, Unique("cell"));
        await using (KeepReporting(node, model))
        {
            await EventuallyAsync(() => DecideAsync(model), d => d.Status == RouteStatus.Routed, "routed");
            Assert.AreEqual(NodeHealth.Quarantined, (await grain.Quarantine("wrong answers", "test")).Node!.Health);
            await EventuallyAsync(() => DecideAsync(model), d => d.Excluded.SingleOrDefault()?.Reason == "node_quarantined", "in quarantine, though it is the only one");
            Assert.AreEqual(NodeHealth.Ready, (await grain.Uncordon("test")).Node!.Health);
            Assert.AreEqual(NodeHealth.Maintenance, (await grain.Maintain("driver", "test")).Node!.Health);
            await EventuallyAsync(() => DecideAsync(model), d => d.Excluded.SingleOrDefault()?.Reason == "node_maintenance", "in maintenance");
        }
        await Task.Delay(OfflineAfter + TimeSpan.FromSeconds(1));
        Assert.AreEqual(NodeHealth.Maintenance, (await grain.Get())!.Health, "its silence is no news");
        Assert.AreEqual(NodeHealth.Offline, (await grain.Uncordon("test")).Node!.Health);
    }

    private static NodeTelemetry Gpu(NodeTelemetry telemetry, Func<GpuSample, GpuSample> fault) =>
        telemetry with { Gpus = [.. telemetry.Gpus!.Select(gpu => fault(gpu with { LastXid = 0, EccUncorrectedErrors = 0, NvLinkActiveLinks = 18, ThermalThrottled = false }))] };

    private static Task<RouteDecision> DecideAsync(string model) => Router().DryRun(new() { Model = model }).AsTask();

    private static async Task<IReadOnlyList<MeshEvent>> HealthEventsAsync(string node) =>
        [.. (await EventsAsync()).Where(e => e.Subject == node && e.Type == EventTypes.NodeHealthChanged)];
}
