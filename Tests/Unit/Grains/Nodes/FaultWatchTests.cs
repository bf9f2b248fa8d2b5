using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Tests.Unit.Grains.Nodes;

[TestClass]
public sealed class FaultWatchTests
{
    private static readonly FaultSettings Settings = new();
    private static readonly GpuSample Healthy = new()
    {
        GpuUuid = "GPU-1",
        Name = "H100",
        LastXid = 0,
        EccUncorrectedErrors = 3,
        ThermalThrottled = false,
        NvLinkActiveLinks = 18,
        NvLinkErrors = 1000,
        MemoryRepairFailed = false,
    };

    private readonly Dictionary<string, int> _seen = [];
    private readonly FaultWatch _watch;
    private double _now;

    public FaultWatchTests() => _watch = new(_seen);

    [TestMethod]
    public void Look_HealthyNode_HasNoFault()
    {
        for (var i = 0; i < 200; i++) Assert.IsEmpty(Look(Healthy));
    }

    [TestMethod]
    [DataRow(79, true)]
    [DataRow(48, true)]
    [DataRow(13, false)]
    [DataRow(31, false)]
    public void Look_Xid_IsAFaultOnceWhereItIsFatal(int xid, bool fatal)
    {
        Assert.IsEmpty(Look(Healthy));
        Assert.AreEqual(fatal ? $"Xid GPU-1 XID {xid}." : "", Text(Look(Healthy with { LastXid = xid })));
        Assert.IsEmpty(Look(Healthy with { LastXid = xid }), "the driver goes on telling of it");
    }

    [TestMethod]
    public void Look_XidOfBefore_IsNoNewsAfterTheNodeMoved()
    {
        Assert.HasCount(1, Look(Healthy with { LastXid = 79 }));
        Assert.IsEmpty(new FaultWatch(_seen).Look(Batch(1, [Healthy with { LastXid = 79 }]), Settings));
        Assert.HasCount(1, new FaultWatch([]).Look(Batch(1, [Healthy with { LastXid = 79 }]), Settings), "to somebody who has not seen it");
    }

    [TestMethod]
    public void Look_TheSameXidOnceMore_IsAFaultOnceMore()
    {
        Assert.HasCount(1, Look(Healthy with { LastXid = 79, XidErrors = 1 }));
        Assert.IsEmpty(Look(Healthy with { LastXid = 79, XidErrors = 1 }));
        Assert.HasCount(1, Look(Healthy with { LastXid = 79, XidErrors = 2 }));
        Assert.IsEmpty(Look(Healthy with { LastXid = 13, XidErrors = 3 }), "not a fatal one");
        Assert.IsEmpty(Look(Healthy with { LastXid = 13, XidErrors = null }));
    }

    [TestMethod]
    public void Look_UncorrectableErrors_AreAFaultWhenThereAreMore()
    {
        Assert.IsEmpty(Look(Healthy), "those of before are no news");
        Assert.AreEqual("EccUncorrected GPU-1 2 more uncorrectable memory errors, 5 since the driver was loaded.", Text(Look(Healthy with { EccUncorrectedErrors = 5 })));
        Assert.IsEmpty(Look(Healthy with { EccUncorrectedErrors = 5 }));
        Assert.IsEmpty(Look(Healthy with { EccUncorrectedErrors = null }));
        Assert.IsEmpty(Look(Healthy with { EccUncorrectedErrors = 0 }), "the driver was loaded anew");
    }

    [TestMethod]
    public void Look_LostGpu_IsAFaultAsLongAsItIsLost()
    {
        Look(Healthy);
        for (var i = 0; i < 3; i++) Assert.AreEqual("GpuLost GPU-1 It fell off the bus.", Text(Look(Healthy with { Lost = true })));
        Assert.IsEmpty(Look(Healthy));
    }

    [TestMethod]
    public void Look_GpuThatIsNoLongerReported_IsLostUntilTheAgentStartsAnew()
    {
        Assert.IsEmpty(_watch.Look(Batch(1, [Healthy, Healthy with { GpuUuid = "GPU-2" }]), Settings));
        Assert.AreEqual("GpuLost GPU-2 It is no longer reported.", Text(Look(Healthy)));
        Assert.IsEmpty(_watch.Look(Batch(2, [Healthy]), Settings));
    }

    [TestMethod]
    public void Look_MigSliceThatIsGone_IsNoFault()
    {
        Assert.IsEmpty(_watch.Look(Batch(1, [Healthy, Healthy with { GpuUuid = "MIG-1", MigProfile = "1g.10gb" }]), Settings));
        Assert.IsEmpty(Look(Healthy));
    }

    [TestMethod]
    public void Look_Heat_IsAFaultWhenItLasts()
    {
        var hot = Healthy with { ThermalThrottled = true, TemperatureCelsius = 92 };
        for (var i = 0; i < 29; i++) Assert.IsEmpty(Look(hot), $"{i} s");
        Look(Healthy);
        for (var i = 0; i < 30; i++) Assert.IsEmpty(Look(hot), $"{i} s again");
        Assert.AreEqual(FaultKind.ThermalThrottle, Look(hot).Single().Kind);
        Assert.IsEmpty(Look(Healthy));
    }

    [TestMethod]
    public void Look_NvLink_IsAFaultWhenLinksAreDownOrRepeatThemselves()
    {
        Look(Healthy);
        Assert.AreEqual("NvLinkDown GPU-1 16 of 18 NVLink links are up.", Text(Look(Healthy with { NvLinkActiveLinks = 16 })));
        Assert.IsEmpty(Look(Healthy with { NvLinkErrors = 1050 }));
        Assert.AreEqual("NvLinkErrors GPU-1 450 NVLink errors per second.", Text(Look(Healthy with { NvLinkErrors = 1500 })));
        Assert.IsEmpty(Look(Healthy with { NvLinkErrors = 0 }), "counted anew");
    }

    [TestMethod]
    public void Look_RemapFailed_IsAFault() => Assert.AreEqual(FaultKind.MemoryRepairFailed, Look(Healthy with { MemoryRepairFailed = true }).Single().Kind);

    [TestMethod]
    public void Look_EngineWithABatchAndNoTokens_IsStalled()
    {
        var stalled = Runtime(new() { Model = "m", Running = 4, Waiting = 2, GenerationTokensPerSecond = 0, PromptTokensPerSecond = 0 });
        for (var i = 0; i < 60; i++) Assert.IsEmpty(Look(stalled), $"{i} s");
        Assert.Contains("4 requests in its batch", Text(Look(stalled)));
        Assert.IsEmpty(Look(Runtime(new() { Model = "m", Running = 4, GenerationTokensPerSecond = 80 })));
    }

    [TestMethod]
    public void Look_RuntimeThatNeverSaidAnything_IsNotSilent()
    {
        for (var i = 0; i < 100; i++) Assert.IsEmpty(Look(Runtime(new() { Model = "m" })));
    }

    [TestMethod]
    public void Look_RuntimeThatFallsSilent_IsAFaultAfterAWhile()
    {
        Look(Runtime(new() { Model = "m", Running = 1 }));
        for (var i = 0; i < 30; i++) Assert.IsEmpty(Look(Runtime(new() { Model = "m" })), $"{i} s");
        Assert.AreEqual((FaultKind.SilentSignals, "http://a"), Look(Runtime(new() { Model = "m" })).Select(f => (f.Kind, f.Subject)).Single());
        Assert.IsEmpty(Look(Runtime(new() { Model = "m", Running = 1 })));
        Assert.IsEmpty(Look(Runtime(new() { Model = "m" }) with { Healthy = false }), "that is another matter");
    }

    [TestMethod]
    public void Look_BatchOfTheOtherPart_LeavesWhatIsKnown()
    {
        Assert.HasCount(1, Look(Healthy with { Lost = true }));
        Assert.HasCount(1, Look(Runtime(new() { Model = "m", Running = 1 })));
    }

    private static RuntimeSample Runtime(ModelSample model) => new() { Runtime = "vllm", Endpoint = "http://a", Healthy = true, Models = [model] };

    private static string Text(IReadOnlyList<NodeFault> faults) => string.Join("; ", faults.Select(f => $"{f.Kind} {f.Subject} {f.Evidence}"));

    private NodeTelemetry Batch(long epoch, IReadOnlyList<GpuSample> gpus) => new() { NodeId = "a", Epoch = epoch, Sequence = 1, SampledAt = Fleet.Start.AddSeconds(_now++), Gpus = gpus };

    private IReadOnlyList<NodeFault> Look(GpuSample gpu) => _watch.Look(Batch(1, [gpu]), Settings);

    private IReadOnlyList<NodeFault> Look(RuntimeSample runtime) =>
        _watch.Look(new() { NodeId = "a", Epoch = 1, Sequence = 1, SampledAt = Fleet.Start.AddSeconds(_now++), Runtimes = [runtime] }, Settings);
}
