namespace InferMesh.Strategies.Hosting;

/// <summary>Names as numbers, for plugins without strings.</summary>
public static class PluginNames
{
    /// <summary>FNV-1a, 64 bits, of the UTF-16 code units, low byte first (Fowler, Noll and Vo); 0 for "".</summary>
    public static ulong Hash(string name)
    {
        if (string.IsNullOrEmpty(name)) return 0;
        var hash = 0xCBF29CE484222325UL;
        foreach (var c in name)
        {
            hash = (hash ^ (byte)c) * 0x100000001B3UL;
            hash = (hash ^ (byte)(c >> 8)) * 0x100000001B3UL;
        }
        return hash;
    }
}
