using InferMesh.Adapters.Comm.Nccl;

namespace InferMesh.Tests.Unit.Adapters.Comm;

[TestClass]
public sealed class NcclTestsTableTests
{
    [TestMethod]
    [DataRow("allreduce", 34, 235.26, "sum")]
    [DataRow("allgather", 34, 230.07, "")]
    [DataRow("alltoall", 34, double.NaN, "")]
    [DataRow("broadcast", 34, double.NaN, "")]
    [DataRow("reduce", 34, double.NaN, "sum")]
    [DataRow("reducescatter", 34, double.NaN, "sum")]
    public void Parse_Captures_OfEightA100(string collective, int rows, double peakGigabytes, string reduction)
    {
        var table = NcclTestsTable.Parse(NcclCaptures.Read($"superbenchmark/nccl_{collective}.log.gz"));
        Assert.HasCount(8, table.Devices);
        Assert.AreEqual(new(7, "localhost", 7, "A100-SXM4-40GB"), table.Devices[7]);
        Assert.HasCount(rows, table.Rows);
        Assert.IsTrue(table.Rows.All(r => r.Reduction == reduction && r.DataType == "float" && r is { OutOfPlace: not null, InPlace: not null }));
        Assert.AreEqual(8L << 30, table.Rows[^1].SizeBytes);
        if (double.IsFinite(peakGigabytes)) Assert.AreEqual(peakGigabytes * 1e9, table.PeakBusBytesPerSecond!.Value, 1);
        Assert.IsGreaterThan(100e9, table.PeakBusBytesPerSecond!.Value);
        Assert.IsTrue(table.Rows.All(static r => r.Root is null or 0));
    }

    [TestMethod]
    public void Parse_ARow_HasItsUnits()
    {
        // By hand from the page: 8 GiB in 63,896 us, 134.44 GB/s by the algorithm and 235.26 GB/s on the bus.
        var row = NcclTestsTable.Parse(NcclCaptures.Read("superbenchmark/nccl_allreduce.log.gz")).Rows[^1];
        Assert.AreEqual((8589934592L, 2147483648L, (int?)null), (row.SizeBytes, row.Elements, row.Root));
        AssertTiming(63896, 134.44e9, 235.26e9, row.OutOfPlace);
        AssertTiming(63959, 134.30e9, 235.03e9, row.InPlace);
        Assert.AreEqual(row.SizeBytes / (row.OutOfPlace!.TimeMicroseconds * 1e-6), row.OutOfPlace.AlgorithmBytesPerSecond, 0.01e9);
    }

    [TestMethod]
    public void Parse_NewerPrograms_NameRootAndWrongElements()
    {
        var table = NcclTestsTable.Parse("""
            #       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
                 1048576        262144     float     sum      -1    27.53   38.08   66.65      0    27.25   38.48   67.34      3
                 1048576        262144     float    none       5    27.53   38.08   38.08    N/A      N/A     N/A     N/A    N/A
            # Out of bounds values : 0 OK
            # Avg bus bandwidth    : 66.995
            """);
        Assert.AreEqual(("sum", null, 0L, 3L), (table.Rows[0].Reduction, table.Rows[0].Root, table.Rows[0].OutOfPlace!.Wrong!.Value, table.Rows[0].InPlace!.Wrong!.Value));
        Assert.AreEqual(("", 5), (table.Rows[1].Reduction, table.Rows[1].Root));
        Assert.IsNull(table.Rows[1].InPlace);
        Assert.AreEqual(66.995e9, table.AverageBusBytesPerSecond!.Value, 1);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("# Avg bus bandwidth    : nan")]
    [DataRow("1048576 262144 float")]
    [DataRow("1048576 262144 float sum x y z 1 2 3 4 5 6 7 8")]
    [DataRow("-1 262144 float sum 27.53 38.08 66.65 0")]
    [DataRow("99999999999999999999 1 float sum 27.53 38.08 66.65 0")]
    [DataRow("1 1 float sum inf 38.08 66.65 0")]
    public void Parse_WhatIsNoRow_IsNone(string text)
    {
        var table = NcclTestsTable.Parse(text);
        Assert.IsEmpty(table.Rows);
        Assert.IsNull(table.PeakBusBytesPerSecond);
        Assert.IsNull(table.AverageBusBytesPerSecond);
    }

    private static void AssertTiming(double microseconds, double algorithm, double bus, NcclTestsTiming? timing)
    {
        Assert.AreEqual((microseconds, (long?)null), (timing!.TimeMicroseconds, timing.Wrong));
        Assert.AreEqual(algorithm, timing.AlgorithmBytesPerSecond, 1);
        Assert.AreEqual(bus, timing.BusBytesPerSecond, 1);
    }

    [TestMethod]
    public void Parse_CutAnywhere_KeepsTheRowsBefore()
    {
        var whole = NcclCaptures.Read("superbenchmark/nccl_allreduce.log.gz");
        var rows = NcclTestsTable.Parse(whole).Rows;
        for (var at = 0; at < whole.Length; at += 37)
        {
            var cut = NcclTestsTable.Parse(whole[..at]).Rows;
            Assert.IsTrue(cut.SkipLast(1).SequenceEqual(rows.Take(Math.Max(0, cut.Count - 1))));
        }
    }
}
