namespace InferMesh.Adapters.Comm.InfiniBand;

/// <summary>
/// Counters by the names that the kernel gives them. Those under <c>counters</c> are of the InfiniBand specification (https://www.kernel.org/doc/Documentation/ABI/stable/sysfs-class-infiniband),
/// those under <c>hw_counters</c> of the device's driver: a device has some of them, and which depends on the driver.
/// </summary>
public static class InfiniBandCounters
{
    /// <summary>Packets, or connections' retries, that stand for loss on the link or the way.</summary>
    public static IReadOnlyList<string> Loss { get; } =
    [
        "port_rcv_errors", "port_xmit_discards", "excessive_buffer_overrun_errors", "out_of_sequence", "packet_seq_err", "local_ack_timeout_err",
    ];

    /// <summary>Packets that stand for congestion: notifications of DCQCN at both ends, and receivers that were not ready.</summary>
    public static IReadOnlyList<string> Congestion { get; } = ["np_ecn_marked_roce_packets", "np_cnp_sent", "rp_cnp_handled", "rnr_nak_retry_err", "out_of_buffer"];

    /// <summary>What tells of a link that is going bad.</summary>
    public static IReadOnlyList<string> Link { get; } = ["symbol_error", "link_error_recovery", "link_downed", "local_link_integrity_errors", "port_rcv_remote_physical_errors"];

    /// <summary>Every counter of events that is read.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Link, .. Loss, .. Congestion];

    internal const string TransmitData = "port_xmit_data";
    internal const string ReceiveData = "port_rcv_data";
    internal const string TransmitWait = "port_xmit_wait";
}
