using System.IO.Compression;

namespace InferMesh.Tests.Unit.Adapters;

/// <summary>Metrics pages captured from real servers.</summary>
internal static class ExpositionData
{
    public static byte[] Read(string file)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } root)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: it names the folder with captured data");
            return [];
        }
        var path = Path.Combine(root, "metrics-expositions", file);
        if (!File.Exists(path))
            Assert.Inconclusive($"the captured page {file} is not in INFERMESH_DATA");
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var page = new MemoryStream();
        stream.CopyTo(page);
        return page.ToArray();
    }
}
