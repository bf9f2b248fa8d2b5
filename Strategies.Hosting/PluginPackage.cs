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

    /// <summary>Most files.</summary>
    public const int MaxFiles = 256;

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
            if (Directory.Exists(path)) return TryCreate(name => ReadFile(path, name), out errors);
            using var zip = ZipFile.OpenRead(path);
            return TryCreate(name => ReadEntry(zip, name), out errors);
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
            return TryCreate(name => ReadEntry(zip, name), out errors);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            errors = [new("package", e.Message)];
            return null;
        }
    }

    /// <summary>Makes a package of content in memory; null with all that is wrong with it.</summary>
    public static PluginPackage? TryCreate(IReadOnlyDictionary<string, byte[]> files, out IReadOnlyList<ParameterError> errors) => TryCreate(files.GetValueOrDefault, out errors);

    private static PluginPackage? TryCreate(Func<string, byte[]?> read, out IReadOnlyList<ParameterError> errors)
    {
        if (read(PluginManifest.FileName) is not { } json)
        {
            errors = [new("package", $"Has no {PluginManifest.FileName}.")];
            return null;
        }
        if (PluginManifest.TryRead(json, out errors) is not { } manifest) return null;
        if (manifest.Files.Count > MaxFiles)
        {
            errors = [new("files", $"Are more than {MaxFiles}.")];
            return null;
        }
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var wrong = new List<ParameterError>();
        long total = 0;
        foreach (var (name, hash) in manifest.Files)
        {
            // What is too much already is not unpacked any further.
            if (total > MaxBytes) break;
            var content = read(name);
            if (content is null) wrong.Add(new($"files.{name}", "Is not in the package."));
            else if (Hash(content) != hash) wrong.Add(new($"files.{name}", $"Its SHA-256 is {Hash(content)}, not the one in the manifest."));
            else if ((total += content.Length) > MaxBytes) wrong.Add(new("files", $"Have more than {MaxBytes} bytes."));
            else files[name] = content;
        }
        errors = wrong;
        return wrong.Count == 0 ? new(manifest, Hash(json), files) : null;
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[]? ReadFile(string folder, string name)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        if (!file.Exists) return null;
        using var stream = file.OpenRead();
        return ReadAll(stream);
    }

    private static byte[]? ReadEntry(ZipArchive zip, string name)
    {
        if (zip.GetEntry(name) is not { } entry) return null;
        using var stream = entry.Open();
        return ReadAll(stream);
    }

    // Sizes that an archive states are claims.
    private static byte[] ReadAll(Stream stream)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[81_920];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            if (memory.Length + read > MaxBytes) throw new InvalidDataException($"A file has more than {MaxBytes} bytes.");
            memory.Write(buffer, 0, read);
        }
        return memory.ToArray();
    }
}
