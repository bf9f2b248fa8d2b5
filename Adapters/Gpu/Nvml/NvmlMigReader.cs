using System.Globalization;

namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Reads the MIG mode of a GPU and its slices.</summary>
internal static class NvmlMigReader
{
    private const double MemorySlices = 8; // MIG cuts memory in eighths

    public static GpuReading ReadInto(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        var code = api.MigMode(device, out var current);
        // A GPU or library without MIG is a GPU that is not cut: that is known, not missing.
        if (code is NvmlReturn.NotSupported or NvmlReturn.ExportMissing or NvmlReturn.FunctionNotFound)
            return reading with { MigEnabled = false, MigInstances = [] };
        if (!log.Ok(code, "nvmlDeviceGetMigMode", nameof(GpuReading.MigEnabled), nameof(GpuReading.MigInstances)))
            return reading;
        if (current == 0)
            return reading with { MigEnabled = false, MigInstances = [] };
        return reading with { MigEnabled = true, MigInstances = ReadInstances(api, device, reading, log) };
    }

    private static List<GpuMigInstance>? ReadInstances(NvmlApi api, nint device, GpuReading gpu, NvmlFieldLog log)
    {
        uint max = 0;
        if (!log.Ok(api.Device("nvmlDeviceGetMaxMigDeviceCount", device, ref max), "nvmlDeviceGetMaxMigDeviceCount", nameof(GpuReading.MigInstances)))
            return null;
        var instances = new List<GpuMigInstance>();
        for (uint i = 0; i < max; i++)
        {
            var code = api.Device("nvmlDeviceGetMigDeviceHandleByIndex", device, i, out nint slice);
            if (code == NvmlReturn.Success)
                instances.Add(ReadInstance(api, slice, gpu, log));
            else if (code != NvmlReturn.NotFound && !log.Ok(code, "nvmlDeviceGetMigDeviceHandleByIndex", nameof(GpuReading.MigInstances)))
                return null; // part of the slices would look like all of them; NotFound is an empty slot, since slots are sparse
        }
        return instances;
    }

    private static GpuMigInstance ReadInstance(NvmlApi api, nint slice, GpuReading gpu, NvmlFieldLog parent)
    {
        var log = new NvmlFieldLog();
        var instance = new GpuMigInstance();
        if (log.Ok(api.DeviceText("nvmlDeviceGetUUID", slice, out var uuid), "nvmlDeviceGetUUID", nameof(GpuMigInstance.Uuid)))
            instance = instance with { Uuid = uuid };
        var memory = default(NvmlMemory);
        if (log.Ok(api.Device("nvmlDeviceGetMemoryInfo", slice, ref memory), "nvmlDeviceGetMemoryInfo", nameof(GpuMigInstance.VramTotalBytes), nameof(GpuMigInstance.VramUsedBytes)))
            instance = instance with { VramTotalBytes = (long)memory.Total, VramUsedBytes = (long)memory.Used };
        uint id = 0;
        if (log.Ok(api.Device("nvmlDeviceGetGpuInstanceId", slice, ref id), "nvmlDeviceGetGpuInstanceId", nameof(GpuMigInstance.GpuInstanceId)))
            instance = instance with { GpuInstanceId = (int)id };
        if (log.Ok(api.Device("nvmlDeviceGetComputeInstanceId", slice, ref id), "nvmlDeviceGetComputeInstanceId", nameof(GpuMigInstance.ComputeInstanceId)))
            instance = instance with { ComputeInstanceId = (int)id };
        instance = instance with { ProfileName = ReadProfile(api, slice, gpu, log), Missing = log.ToMissing() };
        parent.Absorb(log);
        return instance;
    }

    private static string? ReadProfile(NvmlApi api, nint slice, GpuReading gpu, NvmlFieldLog log)
    {
        // Newer drivers append the profile to the product name, attributes such as +me included; that beats deriving it.
        const string Marker = " MIG ";
        if (api.DeviceText("nvmlDeviceGetName", slice, out var name) == NvmlReturn.Success
            && name.LastIndexOf(Marker, StringComparison.Ordinal) is >= 0 and var at)
            return name[(at + Marker.Length)..].Trim();

        var attributes = default(NvmlDeviceAttributes);
        if (!log.Ok(api.Device("nvmlDeviceGetAttributes_v2", slice, ref attributes), "nvmlDeviceGetAttributes_v2", nameof(GpuMigInstance.ProfileName)))
            return null;
        if (gpu.VramTotalBytes is { } total and > 0)
            return ProfileName(attributes, total);
        log.Absent("the GPU's memory is unknown, and the profile's size follows from it", nameof(GpuMigInstance.ProfileName));
        return null;
    }

    /// <summary>
    /// The profile as NVIDIA names it (https://docs.nvidia.com/datacenter/tesla/mig-user-guide/): GPU slices, then memory rounded up to
    /// eighths of the board's GiB; the compute slices lead only when they are fewer than the GPU slices.
    /// </summary>
    internal static string ProfileName(in NvmlDeviceAttributes attributes, long gpuTotalBytes)
    {
        const double MibBytes = 1 << 20, GibBytes = 1 << 30;
        var boardGib = Math.Ceiling(gpuTotalBytes / GibBytes);
        var eighths = Math.Ceiling(attributes.MemorySizeMb * MibBytes / gpuTotalBytes * MemorySlices);
        var memoryGb = (int)Math.Round(eighths / MemorySlices * boardGib, MidpointRounding.AwayFromZero);
        var gi = attributes.GpuInstanceSliceCount;
        var ci = attributes.ComputeInstanceSliceCount;
        return ci == gi
            ? string.Create(CultureInfo.InvariantCulture, $"{gi}g.{memoryGb}gb")
            : string.Create(CultureInfo.InvariantCulture, $"{ci}c.{gi}g.{memoryGb}gb");
    }
}
