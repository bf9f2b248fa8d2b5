using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Synthetic;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Synthetic;

[TestClass]
public sealed class SyntheticGpuSourceTests
{
    private readonly ManualTime _time = new();

    [TestMethod]
    [DataRow("H100-80G", 80, 700.0)]
    [DataRow("A100-80G", 80, 400.0)]
    [DataRow("L40S-48G", 45, 350.0)]
    [DataRow("H200-141G", 140, 700.0)]
    [DataRow("L4-24G", 22, 72.0)]
    [DataRow("a10g-24g", 22, 300.0)]
    public void Read_EachType_HasItsMemoryAndPower(string name, int vramGiB, double limitWatts)
    {
        var gpu = Read(new SyntheticGpuOptions { Type = SyntheticGpuType.Get(name) }, () => 1).Readings[0];

        Assert.AreEqual(vramGiB, Math.Round(gpu.VramTotalBytes!.Value / (double)(1L << 30)), 1.0);
        Assert.AreEqual(limitWatts, gpu.PowerLimitWatts);
        Assert.IsGreaterThan(0.8 * limitWatts, gpu.PowerWatts!.Value);
        Assert.IsLessThanOrEqualTo(limitWatts, gpu.PowerWatts.Value);
        Assert.IsGreaterThan(0m, SyntheticGpuType.Get(name).PriceUsdPerHour);
    }

    [TestMethod]
    public void Read_Always_IsLabelledSynthetic()
    {
        var snapshot = Read(Options(count: 4), () => 0.5);

        Assert.IsTrue(snapshot.Synthetic);
        Assert.AreEqual("synthetic", snapshot.Source);
        Assert.HasCount(4, snapshot.Readings);
        Assert.IsTrue(snapshot.Readings.All(gpu => gpu.Synthetic));
        Assert.HasCount(4, snapshot.Readings.Select(gpu => gpu.Uuid).Distinct());
    }

    [TestMethod]
    public void Read_SameSeedClockAndLoad_IsTheSame()
    {
        var first = Read(Options(seed: 7), () => 0.5).Readings[0];
        var second = Read(Options(seed: 7), () => 0.5).Readings[0];
        var other = Read(Options(seed: 8), () => 0.5).Readings[0];
        _time.Advance(TimeSpan.FromSeconds(1));
        var later = Read(Options(seed: 7), () => 0.5).Readings[0];

        Assert.AreEqual(first.SmUtilization, second.SmUtilization);
        Assert.AreEqual(first.PowerWatts, second.PowerWatts);
        Assert.AreEqual(first.Uuid, later.Uuid);
        Assert.AreNotEqual(first.Uuid, other.Uuid);
        Assert.AreNotEqual(first.SmUtilization, later.SmUtilization);
    }

    [TestMethod]
    public void Read_LoadChanges_ReadingsFollow()
    {
        var load = 0.0;
        using var source = new SyntheticGpuSource(Options(), _time, () => load);
        var idle = Snapshot(source).Readings[0];
        load = 0.6;
        var busy = Snapshot(source).Readings[0];
        load = 3;
        var full = Snapshot(source).Readings[0];

        Assert.AreEqual(0.0, idle.SmUtilization);
        Assert.AreEqual(GpuThrottleReasons.GpuIdle, idle.ThrottleReasons);
        Assert.AreEqual(0.6, busy.SmUtilization!.Value, 0.03);
        Assert.AreEqual(GpuThrottleReasons.None, busy.ThrottleReasons);
        Assert.AreEqual(1.0, full.SmUtilization);
        Assert.AreEqual(GpuThrottleReasons.SwPowerCap, full.ThrottleReasons);
        Assert.IsGreaterThan(idle.TemperatureCelsius!.Value, full.TemperatureCelsius!.Value);
    }

    [TestMethod]
    public void Read_LoadIsNaN_LeavesLoadUnknownWithReasons()
    {
        var gpu = Read(Options(), () => double.NaN).Readings[0];

        Assert.IsNull(gpu.SmUtilization);
        Assert.IsNotNull(gpu.VramTotalBytes);
        Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Get_UnknownType_ListsTheKnownOnes()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => SyntheticGpuType.Get("B9000"));

        StringAssert.Contains(error.Message, "H100-80G");
    }

    [TestMethod]
    public void Constructor_OptionOutOfRange_NamesIt()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Read(Options(count: 65), () => 0)).Message, "Count");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Read(Options() with { VramUsedShare = double.NaN }, () => 0)).Message, "VramUsedShare");
    }

    private static SyntheticGpuOptions Options(int count = 1, ulong seed = 1) => new() { Type = SyntheticGpuType.Get("H100-80G"), Count = count, Seed = seed };

    private GpuSnapshot Read(SyntheticGpuOptions options, Func<double> load)
    {
        using var source = new SyntheticGpuSource(options, _time, load);
        return Snapshot(source);
    }

    private static GpuSnapshot Snapshot(SyntheticGpuSource source) => Nvml.NvmlGpuSourceTests.Snapshot(source.Read());
}
