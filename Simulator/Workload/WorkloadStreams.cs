using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload;

/// <summary>Streams of randomness of the workload, one per concern, so that one more draw of one moves nothing of another.</summary>
internal static class WorkloadStreams
{
    public const ulong Arrivals = 1_000;
    public const ulong Dwell = 1_001;
    public const ulong Types = 1_002;
    public const ulong Prompts = 1_003;
    public const ulong Outputs = 1_004;
    public const ulong Tenants = 1_005;
    public const ulong SloClasses = 1_006;
    public const ulong Cells = 1_007;
    public const ulong Means = 1_008;
    public const ulong Users = 1_009;
    public const ulong Groups = 1_010;

    /// <summary>First of as many streams as there are users.</summary>
    public const ulong PerUser = 1UL << 32;

    /// <summary>First of as many streams as there are clients.</summary>
    public const ulong PerClient = 1UL << 33;

    public static RandomStream Open(ulong seed, ulong stream) => new(seed, stream);
}
