namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>GPU readings from NVIDIA's management library (libnvidia-ml.so.1, nvml.dll).</summary>
/// <remarks>
/// Thread-safe: reads are serialised. The library is opened by the first read and again by the read after it failed, so a
/// driver that is installed, upgraded or reset later is found without a restart. After a GPU is lost the session is closed
/// too, since an open session keeps the device busy and blocks its reset; the lost GPU stays in the snapshots, by its last
/// known identity, until it answers again.
/// </remarks>
public sealed class NvmlGpuSource : IGpuSource
{
    private readonly string? _libraryPath;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NvmlIdentity> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Xid, long Errors)> _xidsSeen = new(StringComparer.Ordinal);
    private NvmlLibrary? _library;
    private NvmlXidWatcher? _xids;
    private NvmlTopology? _topology;
    private bool _disposed;

    /// <summary>Creates the source; nothing is loaded before the first read.</summary>
    /// <param name="libraryPath">The library file to load; null searches where drivers install it.</param>
    public NvmlGpuSource(string? libraryPath = null) => _libraryPath = libraryPath;

    /// <inheritdoc/>
    public string Name => "nvml";

    /// <inheritdoc/>
    public GpuSourceResult Read()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_library is null && NvmlLibrary.TryOpen(_libraryPath, out _library) is { } failure)
                return failure;
            return ReadSession(_library!);
        }
    }

    /// <summary>Ends the session and unloads the library.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            CloseSession();
            _disposed = true;
        }
    }

    private GpuSourceResult ReadSession(NvmlLibrary library)
    {
        _xids ??= new NvmlXidWatcher(library.Api);
        _xids.Collect();
        var code = library.Api.DeviceCount(out var count);
        if (code != NvmlReturn.Success)
        {
            CloseSession();
            return NvmlErrors.ToUnavailable(code, "nvmlDeviceGetCount_v2");
        }
        _topology ??= new NvmlTopology(library.Api, count);
        var readings = new List<GpuReading>((int)count);
        var sessionLost = false;
        for (var i = 0; i < count; i++)
            readings.Add(ReadGpu(library.Api, _xids, _topology, i, ref sessionLost));
        AddVanished(readings);
        var snapshot = new GpuSnapshot
        {
            Source = Name,
            Readings = readings,
            DriverVersion = SystemText(library.Api, "nvmlSystemGetDriverVersion"),
            LibraryVersion = SystemText(library.Api, "nvmlSystemGetNVMLVersion"),
        };
        if (sessionLost || readings.Exists(reading => reading.Lost))
            CloseSession();
        return new GpuSourceResult.Available(snapshot);
    }

    private GpuReading ReadGpu(NvmlApi api, NvmlXidWatcher xids, NvmlTopology topology, int index, ref bool sessionLost)
    {
        var log = new NvmlFieldLog();
        GpuReading reading;
        if (log.Ok(api.DeviceByIndex((uint)index, out var device), "nvmlDeviceGetHandleByIndex_v2"))
        {
            reading = WithXids(NvmlDeviceReader.Read(api, device, index, xids.Take(device, log), topology, log));
        }
        else
        {
            reading = new GpuReading { Index = index, Lost = log.GpuLost };
            log.Absent(log.GpuLost ? "the GPU is lost" : "the GPU gives no handle", UnreadFields.Of(reading));
            reading = reading with { Missing = log.ToMissing() };
        }
        sessionLost |= log.SessionLost;
        Remember(reading);
        return reading.Lost ? WithIdentity(reading) : reading;
    }

    /// <summary>A lost GPU ends the session, and with it the events: what they told about it stays.</summary>
    private GpuReading WithXids(GpuReading reading)
    {
        if (reading is not { Uuid: { } uuid, LastXid: { } xid, XidErrors: { } errors })
            return reading;
        var seen = _xidsSeen.GetValueOrDefault(uuid);
        if (errors > 0)
            _xidsSeen[uuid] = seen = (xid, seen.Errors + errors);
        return reading with { LastXid = seen.Xid, XidErrors = seen.Errors };
    }

    private void Remember(GpuReading reading)
    {
        if (reading.Uuid is not { } uuid)
            return;
        var identity = new NvmlIdentity(reading.Index, uuid, reading.Name, reading.PciBusId);
        if (reading.Lost)
            _seen.TryAdd(uuid, identity); // a broken read must not blur what a whole one has told
        else
            _seen[uuid] = identity;
    }

    /// <summary>A lost GPU cannot say who it is; who held its index in the last good read can.</summary>
    private GpuReading WithIdentity(GpuReading reading)
    {
        var known = _seen.Values.FirstOrDefault(seen => reading.Uuid is { } uuid ? seen.Uuid == uuid : seen.Index == reading.Index);
        return known is null ? reading : AsLost(known, reading);
    }

    /// <summary>After a new session a lost GPU may no longer be counted at all: it is reported as lost instead of forgotten.</summary>
    private void AddVanished(List<GpuReading> readings)
    {
        var present = readings.Select(reading => reading.Uuid).OfType<string>().ToHashSet(StringComparer.Ordinal);
        // A GPU that is there but does not give its UUID may be any of the known ones; calling another one lost would be a guess.
        if (readings.Exists(reading => reading.Uuid is null))
            return;
        foreach (var gone in _seen.Values.Where(seen => !present.Contains(seen.Uuid)).OrderBy(seen => seen.Index).ToArray())
        {
            var reading = new GpuReading { Index = NextIndex(readings, gone.Index), Lost = true };
            var missing = UnreadFields.Of(reading).ToDictionary(field => field, _ => "the GPU was seen before and is no longer listed", StringComparer.Ordinal);
            readings.Add(AsLost(gone, reading with { Missing = missing }));
        }
    }

    private static int NextIndex(List<GpuReading> readings, int wanted) =>
        readings.Exists(reading => reading.Index == wanted) ? readings.Max(reading => reading.Index) + 1 : wanted;

    private static GpuReading AsLost(NvmlIdentity known, GpuReading reading)
    {
        var whole = reading with { Lost = true, Uuid = known.Uuid, Name = reading.Name ?? known.Name, PciBusId = reading.PciBusId ?? known.PciBusId };
        var unread = UnreadFields.Of(whole).ToHashSet(StringComparer.Ordinal);
        return whole with { Missing = reading.Missing.Where(entry => unread.Contains(entry.Key)).ToDictionary(StringComparer.Ordinal) };
    }

    private static string? SystemText(NvmlApi api, string function) =>
        api.SystemText(function, out var text) == NvmlReturn.Success ? text : null;

    private void CloseSession()
    {
        _xids?.Dispose();
        (_xids, _topology) = (null, null);
        _library?.Dispose();
        _library = null;
    }
}
