namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>What stays true of a GPU after it is lost.</summary>
/// <param name="Index">Index under which it was last seen.</param>
/// <param name="Uuid">Its UUID.</param>
/// <param name="Name">Product name, when it was known.</param>
/// <param name="PciBusId">PCI address, when it was known.</param>
internal sealed record NvmlIdentity(int Index, string Uuid, string? Name, string? PciBusId);
