using System.IO.Compression;

namespace InferMesh.Tests.Unit.Adapters.Gpu;

/// <summary>What GPU tools and exporters printed on real machines.</summary>
internal static class GpuCaptures
{
    /// <summary>The uncompressed bytes of a capture; the test is inconclusive without the data.</summary>
    /// <param name="path">Path of the .gz file under INFERMESH_DATA.</param>
    public static byte[] Read(string path)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } root)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: it names the folder with captured data");
            return [];
        }
        var file = Path.Combine(root, path);
        if (!File.Exists(file))
            Assert.Inconclusive($"the capture {path} is not in INFERMESH_DATA");
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
