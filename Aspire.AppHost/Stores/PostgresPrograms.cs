using System.Globalization;
using InferMesh.AppHost.Tools;

namespace InferMesh.AppHost.Stores;

/// <summary>The two server programs that a local PostgreSQL needs.</summary>
internal sealed record PostgresPrograms(string InitDb, string Server)
{
    private const string DebianRoot = "/usr/lib/postgresql";

    /// <summary>Looks where Debian keeps server programs (off PATH, a directory per version, newest first), then on PATH.</summary>
    public static PostgresPrograms? Find(IExecutables executables) => Find(executables, VersionDirectories(DebianRoot));

    public static PostgresPrograms? Find(IExecutables executables, IReadOnlyList<string> directories)
    {
        // initdb refuses a server of another version: take the pair from one directory.
        if (executables.Find("initdb", directories) is not { } initDb) return null;
        return executables.Find("postgres", [Path.GetDirectoryName(initDb)!, .. directories]) is { } server ? new(initDb, server) : null;
    }

    internal static IReadOnlyList<string> VersionDirectories(string root) => !Directory.Exists(root)
        ? []
        : [.. Directory.GetDirectories(root).OrderByDescending(Version).Select(d => Path.Combine(d, "bin"))];

    private static double Version(string directory) =>
        double.TryParse(Path.GetFileName(directory), NumberStyles.Float, CultureInfo.InvariantCulture, out var version) ? version : 0;
}
