using System.IO.Compression;
using System.Security.Cryptography;

namespace InferMesh.Strategies.Hosting;

/// <summary>
/// The files of a plugin, read into memory once: what was hashed is what is loaded, whatever happens to the folder since. A package is a folder or a zip archive (a NuGet package is one)
/// with <c>plugin.json</c> at its top.
/// </summary>
public sealed class PluginPackage
{
    /// <summary>Most bytes of all files together.</summary>
    public const long MaxBytes = 64 << 20;

    private PluginPackage(PluginManifest manifest, string digest, IReadOnlyDictionary<string, byte[]> files) => (Manifest, Digest, Files) = (manifest, digest, files);

    /// <summary>The manifest.</summary>
    public PluginManifest Manifest { get; }

    /// <summary>SHA-256 of <c>plugin.json</c>, 64 hexadecimal digits in lower case: what a pin or an allow-list names.</summary>
    public string Digest { get; }

    /// <summary>Content of each file that the manifest lists.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; }

    /// <summary>Opens a package; null with all that is wrong with it.</summary>
    /// <param name="path">A folder or a zip archive.</param>
    /// <param name="errors">What is wrong.</param>
    public static PluginPackage? TryOpen(string path, out IReadOnlyList<ParameterError> errors)
    {
        try
        {
            if (Directory.Exists(path)) return TryCreate((name, most) => ReadFile(path, name, most), out errors);
            using var zip = ZipFile.OpenRead(path);
            return TryCreate((name, most) => ReadEntry(zip, name, most), out errors);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            errors = [new("package", e.Message)];
            return null;
        }
    }

    /// <summary>Opens a zip archive in memory; null with all that is wrong with it.</summary>
    /// <param name="archive">The archive; must seek.</param>
    /// <param name="errors">What is wrong.</param>
    public static PluginPackage? TryRead(Stream archive, out IReadOnlyList<ParameterError> errors)
    {
        try
        {
            using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
            return TryCreate((name, most) => ReadEntry(zip, name, most), out errors);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            errors = [new("package", e.Message)];
            return null;
        }
    }

    /// <summary>Reads the manifest of a zip archive and unpacks nothing else, to ask first whether the rest is wanted; null with all that is wrong with it.</summary>
    /// <param name="archive">The archive; must seek.</param>
    /// <param name="errors">What is wrong.</param>
    public static PluginManifest? TryReadManifest(Stream archive, out IReadOnlyList<ParameterError> errors)
    {
        try
        {
            using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
            return TryReadManifest((name, most) => ReadEntry(zip, name, most), out _, out errors);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            errors = [new("package", e.Message)];
            return null;
        }
    }

    /// <summary>Makes a package of content in memory; null with all that is wrong with it.</summary>
    public static PluginPackage? TryCreate(IReadOnlyDictionary<string, byte[]> files, out IReadOnlyList<ParameterError> errors) => TryCreate((name, _) => files.GetValueOrDefault(name), out errors);

    private static PluginPackage? TryCreate(Func<string, long, byte[]?> read, out IReadOnlyList<ParameterError> errors)
    {
        if (TryReadManifest(read, out var json, out errors) is not { } manifest) return null;
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var left = MaxBytes;
        foreach (var (name, hash) in manifest.Files)
        {
            // The first that is wrong is the last that is read: a package that will not do costs no more work than that.
            var content = read(name, left);
            left -= content?.Length ?? 0;
            if (left < 0) errors = [new("files", $"Have more than {MaxBytes} bytes.")];
            else if (content is null) errors = [new($"files.{name}", "Is not in the package.")];
            else if (Hash(content) is var actual && actual != hash) errors = [new($"files.{name}", $"Its SHA-256 is {actual}, not the one in the manifest.")];
            else files[name] = content;
            if (errors.Count > 0) return null;
        }
        return new(manifest, Hash(json), files);
    }

    private static PluginManifest? TryReadManifest(Func<string, long, byte[]?> read, out byte[] json, out IReadOnlyList<ParameterError> errors)
    {
        var content = read(PluginManifest.FileName, PluginManifest.MaxBytes);
        json = content ?? [];
        if (content is not null) return PluginManifest.TryRead(content, out errors);
        errors = [new("package", $"Has no {PluginManifest.FileName}.")];
        return null;
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[]? ReadFile(string folder, string name, long most)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        if (!file.Exists) return null;
        using var stream = file.OpenRead();
        return ReadAll(stream, most);
    }

    private static byte[]? ReadEntry(ZipArchive zip, string name, long most)
    {
        if (zip.GetEntry(name) is not { } entry) return null;
        using var stream = entry.Open();
        return ReadAll(stream, most);
    }

    // Sizes that an archive states are claims. One byte beyond the most shows that there are more, and no more of them are unpacked.
    private static byte[] ReadAll(Stream stream, long most)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[81_920];
        while (memory.Length <= most && stream.Read(buffer, 0, (int)Math.Min(buffer.Length, most + 1 - memory.Length)) is var read and > 0) memory.Write(buffer, 0, read);
        return memory.ToArray();
    }
}
