using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Probing;

namespace InferMesh.Tests.Unit.Adapters.Probing;

[TestClass]
public sealed class GpuEntriesTests
{
    [TestMethod]
    public void Of_BoardInSlices_IsItsSlicesAndKeepsTheSums()
    {
        var entries = GpuEntries.Of(Snapshot(new GpuReading
        {
            Index = 0,
            Uuid = "GPU-1",
            Name = "A100",
            PowerWatts = 200,
            SmUtilization = 0.7,
            VramTotalBytes = 80,
            MigInstances =
            [
                new GpuMigInstance { Uuid = "MIG-1", ProfileName = "1g.10gb", VramTotalBytes = 10, VramUsedBytes = 4 },
                new GpuMigInstance { GpuInstanceId = 2, ProfileName = "3g.40gb", VramTotalBytes = 40 },
            ],
        }));

        CollectionAssert.AreEqual(new[] { "MIG-1", "GPU-1/2/0" }, entries.Select(entry => entry.Uuid).ToArray());
        Assert.AreEqual("1g.10gb", entries[0].MigProfile);
        Assert.AreEqual(50, entries.Sum(entry => entry.VramTotalBytes));
        Assert.AreEqual(200, entries.Sum(entry => entry.PowerWatts));
        Assert.IsNull(entries[0].SmUtilization);
        Assert.IsNull(entries[1].VramUsedBytes);
    }

    [TestMethod]
    [DataRow(GpuThrottleReasons.GpuIdle, false)]
    [DataRow(GpuThrottleReasons.ApplicationsClocksSetting, false)]
    [DataRow(GpuThrottleReasons.HwThermalSlowdown | GpuThrottleReasons.GpuIdle, true)]
    [DataRow(GpuThrottleReasons.SwPowerCap, true)]
    public void Of_ThrottleReasons_CountsDistressOnly(GpuThrottleReasons reasons, bool throttled)
        => Assert.AreEqual(throttled, GpuEntries.Of(Snapshot(new GpuReading { Index = 0, ThrottleReasons = reasons }))[0].Throttled);

    [TestMethod]
    public void Of_NothingKnown_StaysUnknownUnderAStableName()
    {
        var entry = GpuEntries.Of(Snapshot(new GpuReading { Index = 3, Lost = true }))[0];
        Assert.AreEqual("fake-3", entry.Uuid);
        Assert.IsTrue(entry.Lost);
        Assert.IsNull(entry.Throttled);
        Assert.IsNull(entry.EccUncorrectedErrors);
    }

    private static GpuSnapshot Snapshot(GpuReading reading) => new() { Source = "fake", Readings = [reading] };
}
