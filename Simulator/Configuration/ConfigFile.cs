namespace InferMesh.Simulator.Configuration;

/// <summary>Files that a configuration names.</summary>
internal static class ConfigFile
{
    /// <summary>A relative path made absolute; one that begins with <c>${NAME}</c> is left for <see cref="Resolve"/>.</summary>
    public static string? Absolute(string? path, string? baseFolder) =>
        path is null || path.Contains('\0', StringComparison.Ordinal) || path.StartsWith("${", StringComparison.Ordinal) ? path : Path.GetFullPath(path, Path.GetFullPath(baseFolder ?? "."));

    /// <summary>The path with a leading <c>${NAME}</c> replaced by that environment variable; null when it is not set.</summary>
    public static string? Resolve(string path)
    {
        if (!path.StartsWith("${", StringComparison.Ordinal) || path.IndexOf('}', StringComparison.Ordinal) is var end && end < 0) return path;
        return Environment.GetEnvironmentVariable(path[2..end]) is { Length: > 0 } value ? value + path[(end + 1)..] : null;
    }
}
