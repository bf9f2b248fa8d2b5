namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>The identity of a GPU: both generations of tools must give the same one.</summary>
internal static class RocmIdentity
{
    /// <summary>The unique id, which one tool pads with zeros and the other does not; else the serial number; null when the GPU has neither.</summary>
    public static string? Of(string? uniqueId, string? serial) => Hex(uniqueId) ?? Serial(serial);

    private static string? Hex(string? text)
    {
        const string Prefix = "0x";
        if (text is null || !text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return null;
        var digits = text[Prefix.Length..].TrimStart('0').ToLowerInvariant();
        return digits.Length > 0 && digits.All(char.IsAsciiHexDigit) ? Prefix + digits : null;
    }

    private static string? Serial(string? text) => text is null || text.All(digit => digit == '0') ? null : text;
}
