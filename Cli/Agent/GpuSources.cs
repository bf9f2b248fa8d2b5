using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Adapters.Gpu.NvidiaSmi;
using InferMesh.Adapters.Gpu.Nvml;
using InferMesh.Adapters.Gpu.Rocm;
using InferMesh.Adapters.Gpu.Synthetic;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Agent;

/// <summary>Makes the GPU source that a configuration names.</summary>
internal static class GpuSources
{
    /// <summary>Load of invented GPUs that no runtime drives: a machine about half busy.</summary>
    private const double IdleSyntheticLoad = 0.5;

    /// <summary>How often one read may run AMD's tools: two questions to amd-smi, then rocm-smi.</summary>
    private const int RocmRuns = 3;

    private static readonly TimeSpan LibraryLimit = TimeSpan.FromSeconds(5);

    public static IGpuSource? Create(GpuConfig gpu, TimeProvider time) => gpu.Source switch
    {
        GpuSourceKind.Nvml => new NvmlGpuSource(gpu.LibraryPath),
        GpuSourceKind.Dcgm => new DcgmGpuSource(Dcgm(gpu)),
        GpuSourceKind.NvidiaSmi => new NvidiaSmiGpuSource(NvidiaSmi(gpu)),
        GpuSourceKind.Rocm => new RocmGpuSource(Rocm(gpu)),
        GpuSourceKind.Auto => AutoGpuSource.OfThisMachine(),
        GpuSourceKind.Synthetic => new SyntheticGpuSource(
            new SyntheticGpuOptions { Type = SyntheticGpuType.Get(gpu.SyntheticType), Count = gpu.SyntheticCount, Seed = (ulong)gpu.SyntheticSeed },
            time,
            static () => IdleSyntheticLoad),
        _ => null,
    };

    /// <summary>How long one read may take when all that it asks is as slow as it may be.</summary>
    public static TimeSpan ReadLimit(GpuConfig gpu) => gpu.Source switch
    {
        GpuSourceKind.Dcgm => Dcgm(gpu).Timeout,
        GpuSourceKind.NvidiaSmi => NvidiaSmi(gpu).Timeout,
        GpuSourceKind.Rocm => RocmRuns * Rocm(gpu).Timeout,
        GpuSourceKind.Auto => LibraryLimit + NvidiaSmi(gpu).Timeout + (RocmRuns * Rocm(gpu).Timeout),
        _ => LibraryLimit,
    };

    private static DcgmGpuOptions Dcgm(GpuConfig gpu)
    {
        var options = new DcgmGpuOptions
        {
            Endpoint = gpu.Endpoint ?? throw new ArgumentException("dcgm needs an endpoint", nameof(gpu)),
            BearerToken = gpu.BearerTokenFile is { } file ? File.ReadAllText(file).Trim() : null,
            Tls = gpu.Tls,
        };
        return options with { Timeout = gpu.Timeout ?? options.Timeout };
    }

    private static NvidiaSmiOptions NvidiaSmi(GpuConfig gpu)
    {
        var options = new NvidiaSmiOptions { Path = gpu.ToolPath };
        return options with { Timeout = gpu.Timeout ?? options.Timeout };
    }

    private static RocmGpuOptions Rocm(GpuConfig gpu)
    {
        var options = new RocmGpuOptions { Path = gpu.ToolPath };
        return options with { Timeout = gpu.Timeout ?? options.Timeout };
    }
}
