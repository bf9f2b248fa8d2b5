using InferMesh.Adapters.Gpu;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Nvml;

[TestClass]
public sealed class NvmlHealthAndLinkTests
{
    [TestMethod]
    public void Read_MemoryHealth_MarshalsEveryCounter()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var readings = NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        for (var i = 0; i < 2; i++)
        {
            Assert.AreEqual(70.0 + i, readings[i].MemoryTemperatureCelsius);
            Assert.AreEqual(3 + i, readings[i].RetiredPagesSingleBit);
            Assert.AreEqual(1, readings[i].RetiredPagesDoubleBit);
            Assert.AreEqual(i == 0, readings[i].RetiredPagesPending);
            Assert.AreEqual(5, readings[i].RemappedRowsCorrectable);
            Assert.AreEqual(6, readings[i].RemappedRowsUncorrectable);
            Assert.AreEqual(i == 1, readings[i].RemappedRowsPending);
            Assert.AreEqual(i == 0, readings[i].RemappedRowsFailed);
        }
    }

    [TestMethod]
    public void Read_OneFieldByNumberFails_IsNullAndTheOthersStand()
    {
        using var stub = NvmlStub.Create().Set("field_29", 3).Set("retired_double", -1);
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.IsNull(gpu.RetiredPagesSingleBit);
        StringAssert.Contains(gpu.Missing[nameof(GpuReading.RetiredPagesSingleBit)], "not supported by this GPU (nvmlDeviceGetFieldValues(RetiredSingleBit))");
        Assert.IsNull(gpu.RetiredPagesDoubleBit);
        StringAssert.Contains(gpu.Missing[nameof(GpuReading.RetiredPagesDoubleBit)], "below zero");
        Assert.AreEqual(70.0, gpu.MemoryTemperatureCelsius);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Read_Links_AreInBytesAndSumWhatIsUp()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.AreEqual(4_000_000.0, gpu.PcieTxBytesPerSecond);
        Assert.AreEqual(7_000_000.0, gpu.PcieRxBytesPerSecond);
        Assert.AreEqual(11, gpu.PcieReplays);
        Assert.AreEqual(3, gpu.NvLinkActiveLinks); // link 1 of 0 to 3 is down
        Assert.AreEqual(((1L << 33) + 138) * 1024, gpu.NvLinkTxBytesTotal);
        Assert.AreEqual(((1L << 33) + 139) * 1024, gpu.NvLinkRxBytesTotal);
        Assert.AreEqual((3 * 10) + 5, gpu.NvLinkReplayErrors); // 10 + link, over links 0, 2 and 3
        Assert.AreEqual((3 * 20) + 5, gpu.NvLinkRecoveryErrors);
        Assert.AreEqual((3 * 30) + 5 + (3 * 40) + 5, gpu.NvLinkCrcErrors);
    }

    [TestMethod]
    public void Read_NoNvLink_IsNoLinkUpAndNoCounters()
    {
        using var stub = NvmlStub.Create().Set("links", 0);
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.AreEqual(0, gpu.NvLinkActiveLinks);
        Assert.IsNull(gpu.NvLinkCrcErrors);
        Assert.AreEqual("the GPU has no NVLink", gpu.Missing[nameof(GpuReading.NvLinkCrcErrors)]);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    [DataRow("links", 65)]
    [DataRow("nvmlDeviceGetNvLinkState", 999)]
    public void Read_LinksUnknown_IsNullRatherThanAPart(string key, int value)
    {
        using var stub = NvmlStub.Create().Set(key, value);
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.IsNull(gpu.NvLinkActiveLinks);
        Assert.IsNull(gpu.NvLinkReplayErrors);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Read_Topology_TellsTheWayToEachOtherGpu()
    {
        using var stub = NvmlStub.Create();
        stub.Set("count", 3);
        using var source = stub.Open();
        var readings = NvmlGpuSourceTests.Snapshot(source.Read()).Readings;
        Assert.HasCount(3, readings);
        var peers = readings[0].Peers!;
        Assert.HasCount(2, peers);
        Assert.AreEqual((readings[1].PciBusId, readings[1].Uuid, GpuTopologyLevel.PcieSwitch, 2), (peers[0].PciBusId, peers[0].Uuid, peers[0].Level, peers[0].NvLinks));
        Assert.AreEqual((readings[2].PciBusId, GpuTopologyLevel.Machine, 0), (peers[1].PciBusId, peers[1].Level, peers[1].NvLinks));
        Assert.AreEqual(1, readings[0].NvSwitchLinks);
        Assert.AreEqual(3, readings[2].NvSwitchLinks, "where its links lead there is no GPU");
    }

    [TestMethod]
    [DataRow("nvmlDeviceGetTopologyCommonAncestor", nameof(GpuReading.Peers))]
    [DataRow("nvmlDeviceGetNvLinkRemotePciInfo_v2", nameof(GpuReading.NvSwitchLinks))]
    public void Read_TopologyFails_IsMissingWithTheReason(string function, string field)
    {
        using var stub = NvmlStub.Create();
        stub.Set(function, 999);
        using var source = stub.Open();
        var reading = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];
        StringAssert.Contains(reading.Missing[field], function);
        Assert.AreEqual(field == nameof(GpuReading.Peers), reading.Peers is null);
        Assert.AreEqual(field != nameof(GpuReading.Peers), reading.NvSwitchLinks is null);
    }

    [TestMethod]
    public void Read_XidEvent_IsTheLastXidOfItsGpuAlone()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        Assert.AreEqual(0, NvmlGpuSourceTests.Snapshot(source.Read()).Readings[1].LastXid);
        stub.Set("xid", 48).Set("xid_gpu", 1);
        var readings = NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        Assert.AreEqual(0, readings[0].LastXid);
        Assert.AreEqual(48, readings[1].LastXid);
        Assert.AreEqual((48, 1L), Second());
        stub.Set("xid", 48).Set("xid_gpu", 1);
        Assert.AreEqual((48, 2L), Second(), "the same one once more");
        Assert.AreEqual(0, NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0].XidErrors);

        (int?, long?) Second() => NvmlGpuSourceTests.Snapshot(source.Read()).Readings[1] is var gpu ? (gpu.LastXid, gpu.XidErrors) : default;
    }

    [TestMethod]
    public void Read_XidBeforeASessionEnds_IsStillKnownInTheNext()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        _ = source.Read();
        stub.Set("xid", 79).Set("xid_gpu", 1);
        _ = source.Read();
        stub.Set("lost", 0);
        _ = source.Read();
        Assert.IsFalse(stub.SessionOpen);
        Assert.AreEqual(0, stub.EventSetsOpen);
        stub.Set("lost", -1);

        var reading = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[1];
        Assert.AreEqual((79, 1L), (reading.LastXid, reading.XidErrors));
        Assert.AreEqual(1, stub.EventSetsOpen);
    }
}
