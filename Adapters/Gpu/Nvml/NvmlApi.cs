using System.Runtime.InteropServices;
using System.Text;

namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>The NVML functions that are read here, bound to one loaded library; a missing one answers <see cref="NvmlReturn.ExportMissing"/>.</summary>
/// <remarks>Names and signatures: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html.</remarks>
internal sealed unsafe class NvmlApi
{
    public const string InitName = "nvmlInit_v2";
    private const string ShutdownName = "nvmlShutdown";
    private const string CountName = "nvmlDeviceGetCount_v2";
    private const string HandleName = "nvmlDeviceGetHandleByIndex_v2";
    private const int TextLength = 96; // NVML_DEVICE_NAME_V2_BUFFER_SIZE, the longest of name, uuid and versions

    private readonly nint _library;
    private readonly Dictionary<string, nint> _exports = new(StringComparer.Ordinal);
    private readonly delegate* unmanaged[Cdecl]<NvmlReturn> _init;
    private readonly delegate* unmanaged[Cdecl]<NvmlReturn> _shutdown;
    private readonly delegate* unmanaged[Cdecl]<uint*, NvmlReturn> _count;
    private readonly delegate* unmanaged[Cdecl]<uint, nint*, NvmlReturn> _handleByIndex;

    public NvmlApi(nint library)
    {
        _library = library;
        _init = (delegate* unmanaged[Cdecl]<NvmlReturn>)Export(InitName);
        _shutdown = (delegate* unmanaged[Cdecl]<NvmlReturn>)Export(ShutdownName);
        _count = (delegate* unmanaged[Cdecl]<uint*, NvmlReturn>)Export(CountName);
        _handleByIndex = (delegate* unmanaged[Cdecl]<uint, nint*, NvmlReturn>)Export(HandleName);
    }

    /// <summary>The first function that is absent and without which there is nothing to read; null when all are there.</summary>
    public string? MissingEssential =>
        _init is null ? InitName : _shutdown is null ? ShutdownName : _count is null ? CountName : _handleByIndex is null ? HandleName : null;

    public NvmlReturn Init() => _init();

    public NvmlReturn Shutdown() => _shutdown();

    public NvmlReturn DeviceCount(out uint count)
    {
        uint value = 0;
        var code = _count(&value);
        count = value;
        return code;
    }

    public NvmlReturn DeviceByIndex(uint index, out nint device)
    {
        nint value = 0;
        var code = _handleByIndex(index, &value);
        device = value;
        return code;
    }

    /// <summary>A nul-terminated text about the whole system: <c>nvmlSystemGet…(char*, unsigned)</c>.</summary>
    public NvmlReturn SystemText(string function, out string text)
    {
        text = "";
        var export = (delegate* unmanaged[Cdecl]<byte*, uint, NvmlReturn>)Export(function);
        if (export is null)
            return NvmlReturn.ExportMissing;
        var buffer = stackalloc byte[TextLength];
        var code = export(buffer, TextLength);
        if (code == NvmlReturn.Success)
            text = Text(new ReadOnlySpan<byte>(buffer, TextLength));
        return code;
    }

    /// <summary>A nul-terminated text about one device: <c>(nvmlDevice_t, char*, unsigned)</c>.</summary>
    public NvmlReturn DeviceText(string function, nint device, out string text)
    {
        text = "";
        var export = (delegate* unmanaged[Cdecl]<nint, byte*, uint, NvmlReturn>)Export(function);
        if (export is null)
            return NvmlReturn.ExportMissing;
        var buffer = stackalloc byte[TextLength];
        var code = export(device, buffer, TextLength);
        if (code == NvmlReturn.Success)
            text = Text(new ReadOnlySpan<byte>(buffer, TextLength));
        return code;
    }

    /// <summary>One value or struct of a device: <c>(nvmlDevice_t, T*)</c>. <paramref name="value"/> goes in and out.</summary>
    public NvmlReturn Device<T>(string function, nint device, ref T value)
        where T : unmanaged
    {
        var export = (delegate* unmanaged[Cdecl]<nint, void*, NvmlReturn>)Export(function);
        if (export is null)
            return NvmlReturn.ExportMissing;
        var copy = value;
        var code = export(device, &copy);
        value = copy;
        return code;
    }

    /// <summary>One value of a device behind a selector: <c>(nvmlDevice_t, enum, T*)</c>.</summary>
    public NvmlReturn Device<T>(string function, nint device, uint selector, out T value)
        where T : unmanaged
    {
        value = default;
        var export = (delegate* unmanaged[Cdecl]<nint, uint, void*, NvmlReturn>)Export(function);
        if (export is null)
            return NvmlReturn.ExportMissing;
        T copy = default;
        var code = export(device, selector, &copy);
        value = copy;
        return code;
    }

    /// <summary>nvmlDeviceGetTotalEccErrors.</summary>
    public NvmlReturn TotalEccErrors(nint device, NvmlEccError error, NvmlEccCounter counter, out ulong count)
    {
        count = 0;
        var export = (delegate* unmanaged[Cdecl]<nint, uint, uint, ulong*, NvmlReturn>)Export("nvmlDeviceGetTotalEccErrors");
        if (export is null)
            return NvmlReturn.ExportMissing;
        ulong copy = 0;
        var code = export(device, (uint)error, (uint)counter, &copy);
        count = copy;
        return code;
    }

    /// <summary>nvmlDeviceGetTopologyCommonAncestor.</summary>
    public NvmlReturn CommonAncestor(nint device, nint other, out int level)
    {
        level = 0;
        var export = (delegate* unmanaged[Cdecl]<nint, nint, int*, NvmlReturn>)Export("nvmlDeviceGetTopologyCommonAncestor");
        if (export is null)
            return NvmlReturn.ExportMissing;
        var copy = 0;
        var code = export(device, other, &copy);
        level = copy;
        return code;
    }

    /// <summary>nvmlDeviceGetNvLinkErrorCounter.</summary>
    public NvmlReturn NvLinkErrors(nint device, uint link, NvmlNvLinkError error, out ulong count)
    {
        count = 0;
        var export = (delegate* unmanaged[Cdecl]<nint, uint, uint, ulong*, NvmlReturn>)Export("nvmlDeviceGetNvLinkErrorCounter");
        if (export is null)
            return NvmlReturn.ExportMissing;
        ulong copy = 0;
        var code = export(device, link, (uint)error, &copy);
        count = copy;
        return code;
    }

    /// <summary>nvmlDeviceGetRemappedRows.</summary>
    public NvmlReturn RemappedRows(nint device, out uint correctable, out uint uncorrectable, out bool pending, out bool failed)
    {
        (correctable, uncorrectable, pending, failed) = (0, 0, false, false);
        var export = (delegate* unmanaged[Cdecl]<nint, uint*, uint*, uint*, uint*, NvmlReturn>)Export("nvmlDeviceGetRemappedRows");
        if (export is null)
            return NvmlReturn.ExportMissing;
        uint corrected = 0, uncorrected = 0, waiting = 0, broken = 0;
        var code = export(device, &corrected, &uncorrected, &waiting, &broken);
        (correctable, uncorrectable, pending, failed) = (corrected, uncorrected, waiting != 0, broken != 0);
        return code;
    }

    /// <summary>nvmlDeviceGetFieldValues: each value carries a return code of its own beside the call's.</summary>
    public NvmlReturn FieldValues(nint device, Span<NvmlFieldValue> values)
    {
        var export = (delegate* unmanaged[Cdecl]<nint, int, NvmlFieldValue*, NvmlReturn>)Export("nvmlDeviceGetFieldValues");
        if (export is null)
            return NvmlReturn.ExportMissing;
        fixed (NvmlFieldValue* first = values)
            return export(device, values.Length, first);
    }

    /// <summary>nvmlDeviceGetMigMode.</summary>
    public NvmlReturn MigMode(nint device, out uint current)
    {
        current = 0;
        var export = (delegate* unmanaged[Cdecl]<nint, uint*, uint*, NvmlReturn>)Export("nvmlDeviceGetMigMode");
        if (export is null)
            return NvmlReturn.ExportMissing;
        uint now = 0, pending = 0;
        var code = export(device, &now, &pending);
        current = now;
        return code;
    }

    /// <summary>One call of a process function: on entry <paramref name="count"/> is the room, on return what is used or needed.</summary>
    public NvmlReturn Processes(string function, nint device, Span<NvmlProcessInfo> room, out uint count)
    {
        count = 0;
        var export = (delegate* unmanaged[Cdecl]<nint, uint*, NvmlProcessInfo*, NvmlReturn>)Export(function);
        if (export is null)
            return NvmlReturn.ExportMissing;
        var size = (uint)room.Length;
        NvmlReturn code;
        fixed (NvmlProcessInfo* infos = room)
            code = export(device, &size, infos); // an empty span is a null pointer, as NVML wants for a size query
        count = size;
        return code;
    }

    /// <summary>nvmlEventSetCreate.</summary>
    public NvmlReturn CreateEventSet(out nint set)
    {
        set = 0;
        var export = (delegate* unmanaged[Cdecl]<nint*, NvmlReturn>)Export("nvmlEventSetCreate");
        if (export is null)
            return NvmlReturn.ExportMissing;
        nint copy = 0;
        var code = export(&copy);
        set = copy;
        return code;
    }

    /// <summary>nvmlDeviceRegisterEvents.</summary>
    public NvmlReturn RegisterEvents(nint device, ulong types, nint set)
    {
        var export = (delegate* unmanaged[Cdecl]<nint, ulong, nint, NvmlReturn>)Export("nvmlDeviceRegisterEvents");
        return export is null ? NvmlReturn.ExportMissing : export(device, types, set);
    }

    /// <summary>nvmlEventSetWait_v2 without waiting: <see cref="NvmlReturn.Timeout"/> when nothing has happened.</summary>
    public NvmlReturn NextEvent(nint set, out NvmlEventData data)
    {
        data = default;
        var export = (delegate* unmanaged[Cdecl]<nint, NvmlEventData*, uint, NvmlReturn>)Export("nvmlEventSetWait_v2");
        if (export is null)
            return NvmlReturn.ExportMissing;
        NvmlEventData copy = default;
        var code = export(set, &copy, 0);
        data = copy;
        return code;
    }

    /// <summary>nvmlEventSetFree.</summary>
    public NvmlReturn FreeEventSet(nint set)
    {
        var export = (delegate* unmanaged[Cdecl]<nint, NvmlReturn>)Export("nvmlEventSetFree");
        return export is null ? NvmlReturn.ExportMissing : export(set);
    }

    private nint Export(string name)
    {
        if (!_exports.TryGetValue(name, out var address))
        {
            _ = NativeLibrary.TryGetExport(_library, name, out address); // absent stays 0, and is remembered as such
            _exports.Add(name, address);
        }
        return address;
    }

    public static string Text(ReadOnlySpan<byte> buffer)
    {
        var end = buffer.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? buffer : buffer[..end]);
    }
}
