using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Console;

/// <summary>A file of the console.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Compressed">The same, gzip.</param>
/// <param name="ContentType">Media type.</param>
/// <param name="Etag">Tag of the content.</param>
internal sealed record ConsoleFile(byte[] Content, byte[] Compressed, string ContentType, EntityTagHeaderValue Etag);

/// <summary>The files of the console, which are part of the program.</summary>
internal static class ConsoleFiles
{
    private const string Prefix = "console/";

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".txt"] = "text/plain; charset=utf-8",
    };

    private static readonly Lazy<FrozenDictionary<string, ConsoleFile>> All = new(ReadAll);

    public static ConsoleFile? Find(string name) => All.Value.GetValueOrDefault(name);

    private static FrozenDictionary<string, ConsoleFile> ReadAll()
    {
        var assembly = typeof(ConsoleFiles).Assembly;
        return assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(
            static name => name[Prefix.Length..],
            name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var content = new byte[stream.Length];
                stream.ReadExactly(content);
                using var compressed = new MemoryStream();
                using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(content);
                return new ConsoleFile(content, compressed.ToArray(), Types[Path.GetExtension(name)], new($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\""));
            },
            StringComparer.Ordinal);
    }
}
