using InferMesh.Adapters.Gpu.Synthetic;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>gpu</c>.</summary>
internal static class GpuConfigReader
{
    private const int MaxGpus = 64;

    public static GpuConfig Read(YamlNode? node, ConfigErrors errors)
    {
        if (node is null)
            return new GpuConfig();
        var section = ConfigSection.Open(node, "gpu", errors, "source", "libraryPath", "synthetic");
        var text = section.Required("source", "nvml");
        var known = Enum.GetNames<GpuSourceKind>();
        // By name alone: an enum would take its numbers too.
        var source = Array.FindIndex(known, name => text.Equals(name, StringComparison.OrdinalIgnoreCase)) is >= 0 and var index ? (GpuSourceKind)index : (GpuSourceKind?)null;
        if (source is null && text.Length > 0)
            section.Error("source", $"'{text}' is not a source; known sources: nvml, synthetic, none");
        if (section.Has("libraryPath") && source is not (null or GpuSourceKind.Nvml))
            section.Error("libraryPath", "is for source: nvml only; remove it");
        if (section.Has("synthetic") && source is not (null or GpuSourceKind.Synthetic))
            section.Error("synthetic", "is for source: synthetic only; remove it");

        var synthetic = ConfigSection.Open(section.Node("synthetic"), section.Path("synthetic"), errors, "type", "count", "seed");
        var type = synthetic.Text("type") ?? "H100-80G";
        if (!SyntheticGpuType.ByName.ContainsKey(type))
            synthetic.Error("type", $"'{type}' is not a GPU type; known types: {string.Join(", ", SyntheticGpuType.ByName.Keys)}");
        return new GpuConfig
        {
            Source = source ?? GpuSourceKind.None,
            LibraryPath = section.Text("libraryPath"),
            SyntheticType = type,
            SyntheticCount = synthetic.Whole("count", 1, 1, MaxGpus),
            SyntheticSeed = synthetic.Whole("seed", 1, 0, int.MaxValue),
        };
    }
}
