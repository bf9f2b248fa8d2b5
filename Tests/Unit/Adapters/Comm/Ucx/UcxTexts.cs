namespace InferMesh.Tests.Unit.Adapters.Comm.Ucx;

/// <summary>Written by hand in the form of the programs; the figures are made up but agree with each other.</summary>
internal static class UcxTexts
{
    public const string Perftest = """
        +--------------+--------------+------------------------------+---------------------+-----------------------+
        |              |              |       overhead (usec)        |   bandwidth (MB/s)  |  message rate (msg/s) |
        +--------------+--------------+----------+---------+---------+----------+----------+-----------+-----------+
        |    Stage     | # iterations | 50.0%ile | average | overall |  average |  overall |  average  |  overall  |
        +--------------+--------------+----------+---------+---------+----------+----------+-----------+-----------+
        [1751618583.086184] [host:744810:0]     ucp_context.c:1321 UCX  WARN  transport 'cuda_copy' is not available
        [thread 0]                34      0.272  500.000  500.000    20000.00   20000.00        2000        2000
        Final:                   100      0.353  400.000  450.000    25000.00   22222.22        2500        2222
        """;

    public const string OlderPerftest = """
        +------------------------------------------------------------------------------------------+
        | API:          protocol layer                                                             |
        | Test:         tag match latency                                                          |
        | Message size: 8                                                                          |
        +--------------+-----------------------------+---------------------+-----------------------+
        | # iterations | typical | average | overall |  average |  overall |   average |   overall |
        +--------------+---------+---------+---------+----------+----------+-----------+-----------+
               100000     1.000     1.250     1.250       6.10       6.10      800000      800000
               200000     1.000     1.000     1.111       7.63       6.87     1000000      900000
        """;

    public const string Stats = """
        gpu-node-1:4711:
          ucp_worker-0x55d0:
            rx_eager_msg: 12
            rx_rndv_rts_rcvd: 3
            uct_ep-rc_mlx5:
              bytes_zcopy: 1048576
          ucp_worker-0x55e0:
            rx_eager_msg: 30
        """;
}
