namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>How the GPUs of a machine are joined. It does not change while a session lasts, so each GPU is asked once. Not thread-safe.</summary>
internal sealed class NvmlTopology
{
    private const string Ancestor = "nvmlDeviceGetTopologyCommonAncestor";
    private const string RemotePci = "nvmlDeviceGetNvLinkRemotePciInfo_v2";
    private const uint MaxLinks = 64; // more than any board has

    private readonly NvmlApi _api;
    private readonly List<(nint Device, string PciBusId, string? Uuid)> _gpus = [];
    private readonly Dictionary<nint, (IReadOnlyList<GpuPeer>? Peers, int? SwitchLinks, NvmlReturn Ancestor, NvmlReturn Remote)> _known = [];

    public NvmlTopology(NvmlApi api, uint count)
    {
        _api = api;
        for (uint i = 0; i < count; i++)
        {
            if (api.DeviceByIndex(i, out var device) != NvmlReturn.Success || BusId(device) is not { } address)
                continue; // lost: nobody knows what it was joined to
            _gpus.Add((device, address, api.DeviceText("nvmlDeviceGetUUID", device, out var uuid) == NvmlReturn.Success ? uuid : null));
        }
    }

    /// <summary>The reading with the other GPUs and the ways to them; what cannot be read is noted.</summary>
    public GpuReading ReadInto(nint device, GpuReading reading, NvmlFieldLog log)
    {
        if (!_known.TryGetValue(device, out var known))
            _known[device] = known = Look(device);
        log.Ok(known.Ancestor, Ancestor, nameof(GpuReading.Peers));
        log.Ok(known.Remote, RemotePci, nameof(GpuReading.NvSwitchLinks));
        return reading with { Peers = known.Peers, NvSwitchLinks = known.SwitchLinks };
    }

    private (IReadOnlyList<GpuPeer>?, int?, NvmlReturn, NvmlReturn) Look(nint device)
    {
        var remote = Remotes(device, out var addresses);
        var peers = new List<GpuPeer>();
        foreach (var (other, address, uuid) in _gpus)
        {
            if (other == device)
                continue;
            var code = _api.CommonAncestor(device, other, out var level);
            if (code != NvmlReturn.Success)
                return (null, addresses?.Count(a => !IsGpu(a)), code, remote);
            peers.Add(new GpuPeer { PciBusId = address, Uuid = uuid, Level = (GpuTopologyLevel)level, NvLinks = addresses?.Count(a => a == address) });
        }
        return (peers, addresses?.Count(a => !IsGpu(a)), NvmlReturn.Success, remote);
    }

    /// <summary>PCI addresses at the other ends of the links; null when they cannot be read.</summary>
    private unsafe NvmlReturn Remotes(nint device, out List<string>? addresses)
    {
        addresses = [];
        for (uint link = 0; link < MaxLinks; link++)
        {
            var code = _api.Device(RemotePci, device, link, out NvmlPciInfo pci);
            if (code == NvmlReturn.InvalidArgument && link > 0)
                break; // there are no more
            if (code == NvmlReturn.NotSupported)
                continue; // a slot without a link, or a GPU without NVLink
            if (code != NvmlReturn.Success)
            {
                addresses = null;
                return code;
            }
            addresses.Add(NvmlApi.Text(new ReadOnlySpan<byte>(pci.BusId, NvmlPciInfo.BusIdLength)));
        }
        return NvmlReturn.Success;
    }

    private bool IsGpu(string address) => _gpus.Exists(gpu => gpu.PciBusId == address);

    private unsafe string? BusId(nint device)
    {
        var pci = default(NvmlPciInfo);
        return _api.Device("nvmlDeviceGetPciInfo_v3", device, ref pci) == NvmlReturn.Success ? NvmlApi.Text(new ReadOnlySpan<byte>(pci.BusId, NvmlPciInfo.BusIdLength)) : null;
    }
}
