using InferMesh.Adapters.Gpu;

namespace InferMesh.Tests.Unit.Adapters.Gpu;

[TestClass]
public sealed class AutoGpuSourceTests : IDisposable
{
    private readonly FixedSource _first = new("first");
    private readonly FixedSource _second = new("second");

    [TestMethod]
    public void Read_FirstAnswers_AsksNoOther()
    {
        _first.Gpus = 1;
        using var source = new AutoGpuSource(_first, _second);

        Assert.AreEqual("first", Snapshot(source).Source);
        Assert.AreEqual("first", Snapshot(source).Source);
        Assert.AreEqual((2, 0), (_first.Reads, _second.Reads));
    }

    [TestMethod]
    public void Read_FirstFails_KeepsTheSecondUntilThatFails()
    {
        _second.Gpus = 2;
        using var source = new AutoGpuSource(_first, _second);
        Assert.AreEqual("second", Snapshot(source).Source);
        _first.Gpus = 1;
        Assert.AreEqual("second", Snapshot(source).Source);
        Assert.AreEqual((1, 2), (_first.Reads, _second.Reads));
        _second.Gpus = null;

        Assert.AreEqual("first", Snapshot(source).Source);
        Assert.AreEqual((2, 3), (_first.Reads, _second.Reads));
    }

    [TestMethod]
    public void Read_FirstSeesNoGpu_LooksOnAndFallsBackToIt()
    {
        _first.Gpus = 0;
        using var source = new AutoGpuSource(_first, _second);
        Assert.AreEqual("first", Snapshot(source).Source);
        _second.Gpus = 1;

        Assert.AreEqual("second", Snapshot(source).Source);
    }

    [TestMethod]
    public void Read_NoneAnswers_GivesEveryReasonAndTheTellingKind()
    {
        _first.Kind = GpuSourceFailure.LibraryNotFound;
        _second.Kind = GpuSourceFailure.NotInitialised;
        using var source = new AutoGpuSource(_first, _second);
        var failure = (GpuSourceResult.Unavailable)source.Read();

        Assert.AreEqual(GpuSourceFailure.NotInitialised, failure.Kind);
        Assert.AreEqual("first: fails; second: fails", failure.Reason);
    }

    [TestMethod]
    public void Read_OnlySourceFailsLater_SaysWhy()
    {
        _first.Gpus = 1;
        using var source = new AutoGpuSource(_first);
        _ = source.Read();
        _first.Gpus = null;

        Assert.AreEqual("first: fails", ((GpuSourceResult.Unavailable)source.Read()).Reason);
        Assert.AreEqual(2, _first.Reads);
    }

    [TestMethod]
    public void Dispose_DisposesEverySource()
    {
        var source = new AutoGpuSource(_first, _second);
        source.Dispose();

        Assert.IsTrue(_first.Disposed && _second.Disposed);
        Assert.ThrowsExactly<ObjectDisposedException>(() => source.Read());
        Assert.ThrowsExactly<ArgumentException>(() => new AutoGpuSource());
    }

    [TestMethod]
    public void OfThisMachine_WithoutAnyGpu_FailsWithTheReasonsOfAll()
    {
        using var source = AutoGpuSource.OfThisMachine();
        if (source.Read() is not GpuSourceResult.Unavailable failure)
        {
            Assert.Inconclusive("this machine has a GPU");
            return;
        }
        foreach (var name in new[] { "nvml: ", "nvidia-smi: ", "rocm: " })
            StringAssert.Contains(failure.Reason, name);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    private static GpuSnapshot Snapshot(AutoGpuSource source) => Nvml.NvmlGpuSourceTests.Snapshot(source.Read());

    private sealed class FixedSource(string name) : IGpuSource
    {
        public int? Gpus { get; set; }

        public GpuSourceFailure Kind { get; set; } = GpuSourceFailure.NoAnswer;

        public int Reads { get; private set; }

        public bool Disposed { get; private set; }

        public string Name => name;

        public GpuSourceResult Read()
        {
            Reads++;
            return Gpus is { } count
                ? new GpuSourceResult.Available(new GpuSnapshot { Source = name, Readings = [.. Enumerable.Range(0, count).Select(index => new GpuReading { Index = index })] })
                : new GpuSourceResult.Unavailable(Kind, "fails");
        }

        public void Dispose() => Disposed = true;
    }
}
