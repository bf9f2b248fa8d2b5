using InferMesh.Adapters.Comm.Ucx;

namespace InferMesh.Tests.Unit.Adapters.Comm.Ucx;

[TestClass]
public sealed class UcxTests
{
    private const double MiB = 1 << 20;

    [TestMethod]
    public void Perftest_NewerTable_HasItsUnits()
    {
        var table = UcxPerftestTable.Parse(UcxTexts.Perftest);
        Assert.HasCount(2, table.Rows);
        Assert.AreEqual(new UcxPerftestRow("thread 0", 34, 0.272, 500, 500, 20000 * MiB, 20000 * MiB, 2000, 2000), table.Rows[0]);
        Assert.AreEqual(100, table.Final!.Iterations);
        Assert.AreEqual((0.353, 450.0, 22222.22 * MiB, 2222.0), (table.Final.TypicalMicroseconds, table.Final.OverallMicroseconds, table.Final.OverallBytesPerSecond, table.Final.OverallMessagesPerSecond));
        Assert.IsNull(table.Test);
    }

    [TestMethod]
    public void Perftest_OlderTable_NamesTheTestAndEndsInItsLastRow()
    {
        var table = UcxPerftestTable.Parse(UcxTexts.OlderPerftest);
        Assert.AreEqual(("tag match latency", 8L), (table.Test, table.MessageBytes!.Value));
        Assert.AreEqual(("", 200000L, 1.111), (table.Final!.Stage, table.Final.Iterations, table.Final.OverallMicroseconds));
        // 900,000 messages of 8 bytes in a second are 6.87 of what the program calls MB.
        Assert.AreEqual(900_000 * 8, table.Final.OverallBytesPerSecond, 0.01 * MiB);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("Final: 100 0.353 400.000 450.000 25000.00 22222.22 2500")]
    [DataRow("Final: 100 0.353 400.000 450.000 25000.00 22222.22 2500 2222 1")]
    [DataRow("Final: -1 0.353 400.000 450.000 25000.00 22222.22 2500 2222")]
    [DataRow("Final: 100 0.3.5 400.000 450.000 25000.00 22222.22 2500 2222")]
    [DataRow("Final: 100 nan 400.000 450.000 25000.00 22222.22 2500 2222")]
    [DataRow("Other: 100 0.353 400.000 450.000 25000.00 22222.22 2500 2222")]
    public void Perftest_WhatIsNoRow_IsNone(string text)
    {
        Assert.IsEmpty(UcxPerftestTable.Parse(text).Rows);
        Assert.IsNull(UcxPerftestTable.Parse(text).Final);
    }

    [TestMethod]
    public void Stats_Dump_HasCountersUnderTheirObjects()
    {
        var stats = UcxStats.Parse(UcxTexts.Stats);
        Assert.HasCount(4, stats.Counters);
        Assert.AreEqual(new UcxCounter("gpu-node-1:4711/ucp_worker-0x55d0", "rx_eager_msg", 12), stats.Counters[0]);
        Assert.AreEqual(new UcxCounter("gpu-node-1:4711/ucp_worker-0x55d0/uct_ep-rc_mlx5", "bytes_zcopy", 1048576), stats.Counters[2]);
        Assert.AreEqual(new UcxCounter("gpu-node-1:4711/ucp_worker-0x55e0", "rx_eager_msg", 30), stats.Counters[3]);
        Assert.AreEqual(42L, stats.Sum("rx_eager_msg"));
        Assert.IsNull(stats.Sum("tx_eager_msg"));
    }

    [TestMethod]
    public void Stats_SumBeyond64Bits_IsUnknown() =>
        Assert.IsNull(UcxStats.Parse("a:\n  n: 9223372036854775807\nb:\n  n: 1\n").Sum("n"));
}
