namespace InferMesh.Adapters.Gpu.Tools;

/// <summary>Finds a vendor's tool. The current folder is never searched: whoever may write there must not choose what runs.</summary>
internal static class ToolPath
{
    private static readonly string[] UsualFolders = ["/usr/bin", "/usr/local/bin", "/opt/rocm/bin"];

    /// <summary>The file to run; null when there is none.</summary>
    /// <param name="configured">A path, which is taken as it is, or a bare name; null takes <paramref name="name"/>.</param>
    /// <param name="name">Name of the tool without an extension.</param>
    public static string? Find(string? configured, string name)
    {
        var wanted = string.IsNullOrWhiteSpace(configured) ? name : configured;
        if (wanted.Contains('/', StringComparison.Ordinal) || Path.IsPathRooted(wanted))
            return File.Exists(wanted) ? Path.GetFullPath(wanted) : null;
        var file = OperatingSystem.IsWindows() && !Path.HasExtension(wanted) ? wanted + ".exe" : wanted;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Where(Path.IsPathFullyQualified).Concat(UsualFolders).Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
    }
}
