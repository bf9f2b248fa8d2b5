using System.Globalization;

namespace InferMesh.Tests.Unit.Adapters.Comm.InfiniBand;

/// <summary>A sysfs of a test, written after the kernel's description of it.</summary>
internal sealed class SysTree : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Root => _folder.Path;

    public static IReadOnlyDictionary<string, string> InfiniBand { get; } = new Dictionary<string, string>
    {
        ["link_layer"] = "InfiniBand\n",
        ["state"] = "4: ACTIVE\n",
        ["phys_state"] = "5: LinkUp\n",
        ["rate"] = "400 Gb/sec (4X NDR)\n",
        ["counters/port_xmit_data"] = "1000000\n",
        ["counters/port_rcv_data"] = "2000000\n",
        ["counters/port_xmit_wait"] = "500\n",
        ["counters/symbol_error"] = "1\n",
        ["counters/link_error_recovery"] = "2\n",
        ["counters/link_downed"] = "3\n",
        ["counters/port_rcv_errors"] = "4\n",
        ["counters/port_xmit_discards"] = "5\n",
        ["counters/excessive_buffer_overrun_errors"] = "6\n",
        ["counters/local_link_integrity_errors"] = "7\n",
        ["counters/port_rcv_remote_physical_errors"] = "8\n",
    };

    public static IReadOnlyDictionary<string, string> RoCe { get; } = new Dictionary<string, string>
    {
        ["link_layer"] = "Ethernet\n",
        ["state"] = "4: ACTIVE\n",
        ["phys_state"] = "5: LinkUp\n",
        ["rate"] = "2.5 Gb/sec (1X SDR)\n",
        ["counters/port_xmit_data"] = "0\n",
        ["counters/port_rcv_data"] = "0\n",
        ["hw_counters/out_of_sequence"] = "10\n",
        ["hw_counters/packet_seq_err"] = "20\n",
        ["hw_counters/rnr_nak_retry_err"] = "30\n",
        ["hw_counters/np_cnp_sent"] = "40\n",
        ["hw_counters/rp_cnp_handled"] = "50\n",
        ["hw_counters/np_ecn_marked_roce_packets"] = "60\n",
        ["hw_counters/lifespan"] = "10\n",
    };

    public SysTree Port(string device, int port, IReadOnlyDictionary<string, string> files)
    {
        foreach (var (name, text) in files)
            Set(device, port, name, text);
        return this;
    }

    public void Set(string device, int port, string name, string text) =>
        _folder.Write(string.Create(CultureInfo.InvariantCulture, $"class/infiniband/{device}/ports/{port}/{name}"), text);

    public void Dispose() => _folder.Dispose();
}
