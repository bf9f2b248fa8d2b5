using System.IO.Compression;
using System.Text.Json;

namespace InferMesh.Cli.Operator.Plugins;

/// <summary>A package of a plugin as it is sent.</summary>
/// <param name="Bytes">Zip archive.</param>
/// <param name="Version">Version that its manifest says.</param>
internal sealed record StrategyArchive(byte[] Bytes, string Version)
{
    private const string Manifest = "plugin.json";
    private const long MaxFileBytes = 64 << 20;

    // What the mesh takes: whoever has more learns it before it is sent.
    private const long MaxBytes = 8 << 20;

    // Part of what an archive says of its files; so that the same folder makes the same archive.
    private static readonly DateTimeOffset Then = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads an archive, or makes one of a folder: of the files that its manifest lists, and no others.</summary>
    /// <exception cref="UsageException">There is no package, or it cannot be read.</exception>
    public static StrategyArchive Read(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return OfFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
            if (new FileInfo(path) is { Exists: true, Length: > MaxBytes })
                throw new UsageException($"{path} has more than {MaxBytes} bytes");
            var bytes = File.ReadAllBytes(path);
            using var zip = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
            if (zip.GetEntry(Manifest) is not { } entry)
                throw new UsageException($"{path} has no {Manifest} at its top");
            using var manifest = entry.Open();
            using var read = JsonDocument.Parse(manifest);
            return new(bytes, read.RootElement.Text("version"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or InvalidOperationException or ArgumentException)
        {
            throw new UsageException($"the package {path} cannot be read: {e.Message}");
        }
    }

    private static StrategyArchive OfFolder(string folder)
    {
        var json = File.ReadAllBytes(Path.Combine(folder, Manifest));
        using var manifest = JsonDocument.Parse(json);
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, Manifest, json);
            foreach (var file in manifest.RootElement.Members("files"))
            {
                var path = Path.GetFullPath(Path.Combine(folder, file.Name));
                if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                    throw new UsageException($"{Manifest} names {file.Name}, which is not in the folder");
                if (new FileInfo(path) is { Exists: true, Length: > MaxFileBytes })
                    throw new UsageException($"{path} has more than {MaxFileBytes} bytes");
                Add(zip, file.Name, File.ReadAllBytes(path));
            }
        }

        if (stream.Length > MaxBytes)
            throw new UsageException($"the package {folder} has {stream.Length} bytes as an archive: at most {MaxBytes}");
        return new(stream.ToArray(), manifest.RootElement.Text("version"));
    }

    private static void Add(ZipArchive zip, string name, byte[] content)
    {
        var entry = zip.CreateEntry(name);
        entry.LastWriteTime = Then;
        using var to = entry.Open();
        to.Write(content);
    }
}
