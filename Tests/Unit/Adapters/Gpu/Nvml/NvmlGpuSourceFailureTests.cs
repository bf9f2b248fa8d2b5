using System.Collections.Concurrent;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Nvml;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Nvml;

[TestClass]
public sealed class NvmlGpuSourceFailureTests
{
    [TestMethod]
    public void Read_NoSuchFile_IsLibraryNotFound()
    {
        using var source = new NvmlGpuSource("/nonexistent/libnvidia-ml.so.1");
        var failure = Failure(source.Read());

        Assert.AreEqual(GpuSourceFailure.LibraryNotFound, failure.Kind);
        StringAssert.Contains(failure.Reason, "/nonexistent/libnvidia-ml.so.1");
    }

    [TestMethod]
    public void Read_FileThatIsNoLibrary_IsNotNvml()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "not an ELF file");
            using var source = new NvmlGpuSource(path);

            Assert.AreEqual(GpuSourceFailure.NotNvml, Failure(source.Read()).Kind);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void Read_LibraryWithoutInit_IsNotNvml()
    {
        using var stub = NvmlStub.Create("NO_INIT");
        using var source = stub.Open();

        Assert.AreEqual(GpuSourceFailure.NotNvml, Failure(source.Read()).Kind);
    }

    [TestMethod]
    public void Read_EssentialFunctionAbsent_IsFunctionMissing()
    {
        using var stub = NvmlStub.Create("NO_COUNT");
        using var source = stub.Open();
        var failure = Failure(source.Read());

        Assert.AreEqual(GpuSourceFailure.FunctionMissing, failure.Kind);
        StringAssert.Contains(failure.Reason, "nvmlDeviceGetCount_v2");
        Assert.AreEqual(0, stub.SessionsOpened);
    }

    [TestMethod]
    [DataRow(18, GpuSourceFailure.DriverMismatch)]
    [DataRow(9, GpuSourceFailure.NotInitialised)]
    [DataRow(4, GpuSourceFailure.NoPermission)]
    [DataRow(17, GpuSourceFailure.NoPermission)]
    [DataRow(999, GpuSourceFailure.Unknown)]
    [DataRow(12345, GpuSourceFailure.Unknown)]
    public void Read_InitFails_GivesTheKind(int code, GpuSourceFailure kind)
    {
        using var stub = NvmlStub.Create().Set("nvmlInit_v2", code);
        using var source = stub.Open();
        var failure = Failure(source.Read());

        Assert.AreEqual(kind, failure.Kind);
        StringAssert.Contains(failure.Reason, "nvmlInit_v2");
    }

    [TestMethod]
    public void Read_AfterInitFailed_OpensAgainOnTheNextRead()
    {
        using var stub = NvmlStub.Create().Set("nvmlInit_v2", 9);
        using var source = stub.Open();
        _ = Failure(source.Read());
        stub.Set("nvmlInit_v2", 0);

        Assert.HasCount(2, NvmlGpuSourceTests.Snapshot(source.Read()).Readings);
    }

    [TestMethod]
    public void Read_SessionLostBetweenReads_FailsOnceAndReopens()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        _ = NvmlGpuSourceTests.Snapshot(source.Read());
        stub.Set("nvmlDeviceGetCount_v2", 1);
        Assert.AreEqual(GpuSourceFailure.NotInitialised, Failure(source.Read()).Kind);
        stub.Set("nvmlDeviceGetCount_v2", 0);

        Assert.HasCount(2, NvmlGpuSourceTests.Snapshot(source.Read()).Readings);
        Assert.AreEqual(2, stub.SessionsOpened);
    }

    [TestMethod]
    public void Read_SessionLostInsideARead_GivesReasonsAndReopens()
    {
        using var stub = NvmlStub.Create().Set("nvmlDeviceGetTemperature", 1);
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.IsFalse(gpu.Lost);
        Assert.AreEqual("NVML lost its session", gpu.Missing[nameof(GpuReading.PowerWatts)]);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
        Assert.IsFalse(stub.SessionOpen);
    }

    [TestMethod]
    public void Read_OneGpuLost_KeepsItsIdentityAndTheOthersValues()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var before = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[1];
        stub.Set("lost", 1);
        var readings = NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        Assert.HasCount(2, readings);
        Assert.IsFalse(readings[0].Lost);
        NvmlGpuSourceTests.AssertWhole(readings[0]);
        Assert.IsTrue(readings[1].Lost);
        Assert.AreEqual(before.Uuid, readings[1].Uuid);
        Assert.AreEqual(before.Name, readings[1].Name);
        Assert.AreEqual(before.PciBusId, readings[1].PciBusId);
        Assert.IsNull(readings[1].VramUsedBytes);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(readings[1]);
    }

    [TestMethod]
    public void Read_LostHandle_IsALostReading()
    {
        using var stub = NvmlStub.Create().Set("lost_handle", 0);
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.IsTrue(gpu.Lost);
        Assert.IsNull(gpu.Uuid);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Read_GpuLostInTheMiddle_KeepsWhatWasReadBefore()
    {
        using var stub = NvmlStub.Create().Set("nvmlDeviceGetPowerUsage", 15);
        using var source = stub.Open();
        var gpu = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];

        Assert.IsTrue(gpu.Lost);
        Assert.AreEqual("Stub GPU 0", gpu.Name);
        Assert.AreEqual(60.0, gpu.TemperatureCelsius);
        Assert.IsNull(gpu.EccCorrectedVolatile);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
        stub.Set("lost", 0);
        Assert.AreEqual("Stub GPU 0", NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0].Name);
    }

    [TestMethod]
    public void Read_LostGpu_ClosesTheSessionSoThatItCanBeResetAndSeenAgain()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        _ = source.Read();
        stub.Set("lost", 0);
        _ = source.Read();
        Assert.IsFalse(stub.SessionOpen);
        stub.Set("lost", -1);
        var readings = NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        Assert.HasCount(2, readings);
        Assert.IsFalse(readings.Any(reading => reading.Lost));
        Assert.IsTrue(stub.SessionOpen);
    }

    [TestMethod]
    public void Read_GpuNoLongerListed_IsReportedLostUnderItsIdentity()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var first = NvmlGpuSourceTests.Snapshot(source.Read()).Readings[0];
        stub.Set("count", 1).Set("first", 1); // GPU 1 has moved to index 0
        var readings = NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        Assert.HasCount(2, readings);
        Assert.AreEqual("Stub GPU 1", readings[0].Name);
        Assert.IsFalse(readings[0].Lost);
        Assert.AreEqual(first.Uuid, readings[1].Uuid);
        Assert.AreEqual(1, readings[1].Index);
        Assert.IsTrue(readings[1].Lost);
        NvmlGpuSourceTests.AssertEveryNullHasAReason(readings[1]);
    }

    [TestMethod]
    public void Read_ManyThreads_AllGetWholeSnapshots()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var results = new ConcurrentBag<GpuSourceResult>();
        Parallel.For(0, 64, _ => results.Add(source.Read()));

        Assert.HasCount(64, results);
        foreach (var reading in results.SelectMany(result => NvmlGpuSourceTests.Snapshot(result).Readings))
            NvmlGpuSourceTests.AssertWhole(reading);
        Assert.AreEqual(1, stub.SessionsOpened);
    }

    [TestMethod]
    public void Read_TwoLibrariesAtOnce_DoNotMix()
    {
        using var one = NvmlStub.Create().Set("count", 1);
        using var three = NvmlStub.Create().Set("count", 3);
        using var first = one.Open();
        using var second = three.Open();

        Assert.HasCount(1, NvmlGpuSourceTests.Snapshot(first.Read()).Readings);
        Assert.HasCount(3, NvmlGpuSourceTests.Snapshot(second.Read()).Readings);
    }

    [TestMethod]
    public void Dispose_OpenSession_IsShutDown()
    {
        using var stub = NvmlStub.Create();
        var source = stub.Open();
        _ = source.Read();
        Assert.IsTrue(stub.SessionOpen);
        source.Dispose();
        source.Dispose();

        Assert.IsFalse(stub.SessionOpen);
        Assert.ThrowsExactly<ObjectDisposedException>(() => source.Read());
    }

    private static GpuSourceResult.Unavailable Failure(GpuSourceResult result) =>
        result as GpuSourceResult.Unavailable ?? throw new AssertFailedException(result.ToString());
}
