namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Where drivers put the library.</summary>
internal static class NvmlPaths
{
    public static IReadOnlyList<string> Candidates(string? explicitPath)
    {
        if (!string.IsNullOrEmpty(explicitPath))
            return [explicitPath];
        if (OperatingSystem.IsWindows())
        {
            return
            [
                "nvml.dll",
                Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "NVIDIA Corporation", "NVSMI", "nvml.dll"),
            ];
        }
        // The loader's own search first; then where container runtimes and WSL mount the driver without telling the loader.
        return ["libnvidia-ml.so.1", "/usr/local/nvidia/lib64/libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"];
    }
}
