namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Collects the XID errors that the driver reports as events, for the life of one session. Not thread-safe.</summary>
internal sealed class NvmlXidWatcher : IDisposable
{
    private const ulong XidCriticalError = 0x8; // nvmlEventTypeXidCriticalError
    private const int MaxEventsPerCollect = 256; // a GPU that fails in a loop must not hold the read up

    private static readonly string[] Fields = [nameof(GpuReading.LastXid), nameof(GpuReading.XidErrors)];

    private readonly NvmlApi _api;
    private readonly nint _set;
    private readonly NvmlReturn _created;
    private readonly Dictionary<nint, NvmlReturn> _registered = [];
    private readonly Dictionary<nint, (int Xid, long Errors)> _news = [];

    public NvmlXidWatcher(NvmlApi api)
    {
        _api = api;
        _created = api.CreateEventSet(out _set);
    }

    /// <summary>Takes over what has happened since the last call. Never waits.</summary>
    public void Collect()
    {
        if (_registered.Count == 0)
            return;
        for (var i = 0; i < MaxEventsPerCollect && _api.NextEvent(_set, out var data) == NvmlReturn.Success; i++)
        {
            if (data.Type == XidCriticalError && data.Data is > 0 and <= ushort.MaxValue)
                _news[data.Device] = ((int)data.Data, _news.GetValueOrDefault(data.Device).Errors + 1);
        }
    }

    /// <summary>The last XID of a device since the last call and how many there were, 0 without one; the first call begins to watch. Null when it cannot be watched, which is noted.</summary>
    public (int Xid, long Errors)? Take(nint device, NvmlFieldLog log)
    {
        if (!log.Ok(_created, "nvmlEventSetCreate", Fields))
            return null;
        if (!_registered.TryGetValue(device, out var code))
            _registered.Add(device, code = _api.RegisterEvents(device, XidCriticalError, _set));
        if (!log.Ok(code, "nvmlDeviceRegisterEvents", Fields))
            return null;
        _news.Remove(device, out var news);
        return news;
    }

    public void Dispose()
    {
        if (_created == NvmlReturn.Success)
            _ = _api.FreeEventSet(_set); // nothing is left to do about it: the session ends next
    }
}
