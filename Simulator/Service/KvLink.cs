namespace InferMesh.Simulator.Service;

/// <summary>What a transfer of KV blocks between two engines takes. Transfers do not slow each other down.</summary>
/// <param name="FixedNs">Nanoseconds of a transfer of nothing, 0 or more.</param>
/// <param name="NsPerBlock">Nanoseconds of each block, 0 or more.</param>
public readonly record struct KvLink(long FixedNs, double NsPerBlock);
