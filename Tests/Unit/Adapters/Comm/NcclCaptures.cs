using System.IO.Compression;

namespace InferMesh.Tests.Unit.Adapters.Comm;

/// <summary>Real logs of NCCL and its tests.</summary>
internal static class NcclCaptures
{
    public static string Read(string name)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } root)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: it names the folder with captured data");
            return "";
        }
        using var file = File.OpenRead(Path.Combine(root, "nccl-logs", name));
        using Stream text = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(text);
        return reader.ReadToEnd();
    }
}
