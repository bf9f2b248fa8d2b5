namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Reads the processes of a GPU with NVML's size protocol: ask with some room, grow when told that it is too little.</summary>
internal static class NvmlProcessReader
{
    private const int FirstRoom = 32;
    private const int MaxAttempts = 4; // processes may appear between the two calls; a storm of them is no reason to loop for ever
    private const int Spare = 8;

    public static GpuReading ReadInto(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        var processes = new List<GpuProcess>();
        return ReadKind(api, device, "nvmlDeviceGetComputeRunningProcesses_v3", GpuProcessKind.Compute, processes, log)
            && ReadKind(api, device, "nvmlDeviceGetGraphicsRunningProcesses_v3", GpuProcessKind.Graphics, processes, log)
            ? reading with { Processes = processes }
            : reading; // half of the processes would look like all of them
    }

    private static bool ReadKind(NvmlApi api, nint device, string function, GpuProcessKind kind, List<GpuProcess> processes, NvmlFieldLog log)
    {
        var room = new NvmlProcessInfo[FirstRoom];
        var code = NvmlReturn.InsufficientSize;
        uint count = 0;
        for (var attempt = 0; attempt < MaxAttempts && code == NvmlReturn.InsufficientSize; attempt++)
        {
            code = api.Processes(function, device, room, out count);
            if (code == NvmlReturn.InsufficientSize)
                room = new NvmlProcessInfo[Math.Max(count, (uint)room.Length) + Spare];
        }
        if (!log.Ok(code, function, nameof(GpuReading.Processes)))
            return false;
        foreach (var info in room.AsSpan(0, (int)Math.Min(count, (uint)room.Length)))
            processes.Add(ToProcess(info, kind));
        return true;
    }

    private static GpuProcess ToProcess(in NvmlProcessInfo info, GpuProcessKind kind) => new(
        (int)info.Pid,
        kind,
        info.UsedGpuMemory == NvmlProcessInfo.MemoryNotAvailable ? null : (long)info.UsedGpuMemory,
        info.GpuInstanceId == NvmlProcessInfo.NoInstance ? null : (int)info.GpuInstanceId,
        info.ComputeInstanceId == NvmlProcessInfo.NoInstance ? null : (int)info.ComputeInstanceId);
}
