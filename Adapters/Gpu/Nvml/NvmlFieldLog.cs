namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Judges the return codes of one device's calls: notes missing fields, and sees when the GPU or the session is gone.</summary>
internal sealed class NvmlFieldLog
{
    private readonly MissingFields _missing = new();

    /// <summary>True once any call said that the GPU fell off the bus.</summary>
    public bool GpuLost { get; private set; }

    /// <summary>True once any call said that the library's session is gone; only a new session helps.</summary>
    public bool SessionLost { get; private set; }

    /// <summary>True when the call succeeded; otherwise the fields that it would have filled are noted as missing.</summary>
    public bool Ok(NvmlReturn code, string function, params ReadOnlySpan<string> fields)
    {
        if (code == NvmlReturn.Success)
            return true;
        GpuLost |= code == NvmlReturn.GpuIsLost;
        SessionLost |= code is NvmlReturn.Uninitialized or NvmlReturn.LibRmVersionMismatch;
        Absent(NvmlErrors.Describe(code, function), fields);
        return false;
    }

    /// <summary>Notes fields that are missing for a reason that is no return code.</summary>
    public void Absent(string reason, params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
            _missing.Add(field, reason);
    }

    /// <summary>Takes over what the calls for a part of the device saw about the GPU and the session.</summary>
    public void Absorb(NvmlFieldLog part)
    {
        GpuLost |= part.GpuLost;
        SessionLost |= part.SessionLost;
    }

    public IReadOnlyDictionary<string, string> ToMissing() => _missing.ToReadOnly();
}
