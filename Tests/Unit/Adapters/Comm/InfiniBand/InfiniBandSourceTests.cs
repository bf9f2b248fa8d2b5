using System.Globalization;
using InferMesh.Adapters.Comm.InfiniBand;

namespace InferMesh.Tests.Unit.Adapters.Comm.InfiniBand;

[TestClass]
public sealed class InfiniBandSourceTests
{
    private readonly ManualTime _time = new();

    [TestMethod]
    public void Read_Ports_HaveTheirStateAndUnits()
    {
        using var tree = new SysTree().Port("mlx5_1", 1, SysTree.RoCe).Port("mlx5_0", 2, SysTree.InfiniBand).Port("mlx5_0", 1, SysTree.InfiniBand);
        var snapshot = Source(tree).Read();

        Assert.IsNull(snapshot.Failure);
        Assert.AreEqual("mlx5_0/1 mlx5_0/2 mlx5_1/1", string.Join(' ', snapshot.Ports.Select(port => $"{port.Device}/{port.Port}")));
        var first = snapshot.Ports[0];
        Assert.AreEqual(("InfiniBand", "ACTIVE", "LinkUp"), (first.LinkLayer, first.State, first.PhysicalState));
        Assert.AreEqual(50e9, first.RateBytesPerSecond); // 400 gigabits
        Assert.AreEqual((4_000_000L, 8_000_000L), (first.TransmittedBytes, first.ReceivedBytes)); // words of four bytes
        Assert.AreEqual(3, first.Counters["link_downed"]);
        Assert.AreEqual("the device has no such file", first.Missing["np_cnp_sent"]);
        Assert.AreEqual(312_500_000.0, snapshot.Ports[2].RateBytesPerSecond);
        Assert.AreEqual(40, snapshot.Ports[2].Counters["np_cnp_sent"]);
        foreach (var port in snapshot.Ports)
            AssertEveryNullHasAReason(port);
    }

    [TestMethod]
    public void Read_Again_HasRatesOfTheWindow()
    {
        using var tree = new SysTree().Port("mlx5_0", 1, SysTree.InfiniBand).Port("mlx5_1", 1, SysTree.RoCe);
        var source = Source(tree);
        var before = source.Read().Ports[0];
        Assert.IsNull(before.TransmitBytesPerSecond);
        Assert.AreEqual("first read: there is no window yet", before.Missing[nameof(before.TransmitBytesPerSecond)]);

        tree.Set("mlx5_0", 1, "counters/port_xmit_data", "26000000\n");
        tree.Set("mlx5_0", 1, "counters/port_xmit_wait", "700\n");
        tree.Set("mlx5_0", 1, "counters/port_rcv_errors", "14\n");
        tree.Set("mlx5_0", 1, "counters/port_xmit_discards", "25\n");
        tree.Set("mlx5_1", 1, "hw_counters/np_cnp_sent", "140\n");
        tree.Set("mlx5_1", 1, "hw_counters/rnr_nak_retry_err", "32\n");
        _time.Advance(TimeSpan.FromSeconds(2));
        var ports = source.Read().Ports;

        Assert.AreEqual(25e6 * 4 / 2, ports[0].TransmitBytesPerSecond);
        Assert.AreEqual(0.0, ports[0].ReceiveBytesPerSecond);
        Assert.AreEqual(100.0, ports[0].TransmitWaitTicksPerSecond);
        Assert.AreEqual((10 + 20) / 2.0, ports[0].LossPerSecond);
        Assert.AreEqual(TimeSpan.FromSeconds(2), ports[0].Window);
        Assert.IsNull(ports[0].CongestionPerSecond);
        StringAssert.Contains(ports[0].Missing[nameof(InfiniBandPort.CongestionPerSecond)], "the device has none of np_ecn_marked_roce_packets");
        Assert.AreEqual((0.0, (100 + 2) / 2.0), (ports[1].LossPerSecond, ports[1].CongestionPerSecond));
        foreach (var port in ports)
            AssertEveryNullHasAReason(port);
    }

    [TestMethod]
    public void Read_CounterThatFell_StartsTheWindowAnew()
    {
        using var tree = new SysTree().Port("mlx5_0", 1, SysTree.InfiniBand);
        var source = Source(tree);
        source.Read();
        tree.Set("mlx5_0", 1, "counters/port_xmit_data", "5\n");
        tree.Set("mlx5_0", 1, "counters/port_rcv_errors", "0\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        var reset = source.Read().Ports.Single();
        Assert.IsNull(reset.TransmitBytesPerSecond);
        StringAssert.Contains(reset.Missing[nameof(reset.TransmitBytesPerSecond)], "it was reset");
        Assert.IsNull(reset.LossPerSecond);
        Assert.AreEqual(0.0, reset.ReceiveBytesPerSecond);

        tree.Set("mlx5_0", 1, "counters/port_xmit_data", "15\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        var after = source.Read().Ports.Single();
        Assert.AreEqual(40.0, after.TransmitBytesPerSecond);
        Assert.AreEqual(0.0, after.LossPerSecond);
    }

    [TestMethod]
    [DataRow("counters/port_xmit_data", "4294967295\n", nameof(InfiniBandPort.TransmittedBytes), "end of its 32 bits")]
    [DataRow("counters/port_xmit_data", "9223372036854775807\n", nameof(InfiniBandPort.TransmittedBytes), "out of range")]
    [DataRow("counters/port_xmit_data", "18446744073709551615\n", nameof(InfiniBandPort.TransmittedBytes), "is no count: '18446744073709551615'")]
    [DataRow("counters/port_rcv_data", "-1\n", nameof(InfiniBandPort.ReceivedBytes), "is no count: '-1'")]
    [DataRow("counters/port_rcv_data", "", nameof(InfiniBandPort.ReceivedBytes), "is no count")]
    [DataRow("state", "ACTIVE\n", nameof(InfiniBandPort.State), "state is no state: 'ACTIVE'")]
    [DataRow("phys_state", "5:\n", nameof(InfiniBandPort.PhysicalState), "phys_state is no state")]
    [DataRow("rate", "fast\n", nameof(InfiniBandPort.RateBytesPerSecond), "rate is no rate: 'fast'")]
    [DataRow("rate", "1e99 Gb/sec\n", nameof(InfiniBandPort.RateBytesPerSecond), "rate is no rate")]
    [DataRow("link_layer", "\u001b[2J", nameof(InfiniBandPort.LinkLayer), "link_layer is no name")]
    public void Read_FileThatMakesNoSense_IsNullWithItsReason(string file, string text, string field, string reason)
    {
        using var tree = new SysTree().Port("mlx5_0", 1, SysTree.InfiniBand);
        tree.Set("mlx5_0", 1, file, text);
        var port = Source(tree).Read().Ports.Single();
        Assert.IsNull(typeof(InfiniBandPort).GetProperty(field)!.GetValue(port));
        StringAssert.Contains(port.Missing[field], reason);
        AssertEveryNullHasAReason(port);
    }

    [TestMethod]
    public void Read_NoDevices_IsEmptyAndNoFailure()
    {
        using var tree = new SysTree();
        var snapshot = Source(tree).Read();
        Assert.IsEmpty(snapshot.Ports);
        Assert.IsNull(snapshot.Failure);
    }

    [TestMethod]
    public void Read_MorePortsThanTheLimit_CountsTheRest()
    {
        using var tree = new SysTree();
        for (var i = 0; i < 5; i++)
            tree.Set(string.Create(CultureInfo.InvariantCulture, $"rxe{i}"), 1, "state", "1: DOWN\n");
        var snapshot = new InfiniBandSource(new InfiniBandOptions { Root = tree.Root, MaxPorts = 3 }, _time).Read();
        Assert.HasCount(3, snapshot.Ports);
        Assert.AreEqual(2, snapshot.LeftOut);
        Assert.AreEqual("DOWN", snapshot.Ports[0].State);
    }

    [TestMethod]
    public void Constructor_OptionOutOfRange_NamesIt()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new InfiniBandSource(new InfiniBandOptions { MaxPorts = 0 }, _time)).Message, "MaxPorts");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new InfiniBandSource(new InfiniBandOptions { Root = "" }, _time)).Message, "Root");
    }

    internal static void AssertEveryNullHasAReason(InfiniBandPort port)
    {
        foreach (var property in typeof(InfiniBandPort).GetProperties())
            Assert.AreEqual(property.GetValue(port) is null, port.Missing.ContainsKey(property.Name), property.Name);
        foreach (var name in InfiniBandCounters.All)
            Assert.AreNotEqual(port.Counters.ContainsKey(name), port.Missing.ContainsKey(name), name);
    }

    private InfiniBandSource Source(SysTree tree) => new(new InfiniBandOptions { Root = tree.Root }, _time);
}
