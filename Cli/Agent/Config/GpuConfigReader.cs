using InferMesh.Adapters.Gpu.Synthetic;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>gpu</c>.</summary>
internal static class GpuConfigReader
{
    private const int MaxGpus = 64;
    private const string PageOfExporter = "/metrics";
    private static readonly Uri DefaultEndpoint = new("http://127.0.0.1:9400" + PageOfExporter);
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostTimeout = TimeSpan.FromMinutes(1);

    private static readonly (string Name, GpuSourceKind Kind)[] Sources =
    [
        ("nvml", GpuSourceKind.Nvml), ("dcgm", GpuSourceKind.Dcgm), ("nvidia-smi", GpuSourceKind.NvidiaSmi), ("rocm", GpuSourceKind.Rocm), ("synthetic", GpuSourceKind.Synthetic),
        ("auto", GpuSourceKind.Auto), ("none", GpuSourceKind.None),
    ];

    /// <summary>Keys that only some sources take.</summary>
    private static readonly (string Key, GpuSourceKind[] Kinds)[] Keys =
    [
        ("libraryPath", [GpuSourceKind.Nvml]), ("path", [GpuSourceKind.NvidiaSmi, GpuSourceKind.Rocm]), ("endpoint", [GpuSourceKind.Dcgm]),
        ("bearerTokenFile", [GpuSourceKind.Dcgm]), ("tls", [GpuSourceKind.Dcgm]), ("timeout", [GpuSourceKind.Dcgm, GpuSourceKind.NvidiaSmi, GpuSourceKind.Rocm]), ("synthetic", [GpuSourceKind.Synthetic]),
    ];

    /// <summary>Name of a source as files write it.</summary>
    public static string NameOf(GpuSourceKind kind) => Array.Find(Sources, source => source.Kind == kind).Name;

    /// <param name="node">Node of the file; null when there is none.</param>
    /// <param name="folder">Folder that paths are relative to.</param>
    /// <param name="errors">Where errors go.</param>
    public static GpuConfig Read(YamlNode? node, string folder, ConfigErrors errors)
    {
        if (node is null)
            return new GpuConfig();
        var section = ConfigSection.Open(node, "gpu", errors, ["source", .. Keys.Select(entry => entry.Key)]);
        var source = Source(section);
        foreach (var (key, kinds) in Keys)
        {
            if (section.Has(key) && source is { } known && !kinds.Contains(known))
                section.Error(key, $"is for source: {string.Join(" or ", kinds.Select(NameOf))} only; remove it");
        }

        var synthetic = ConfigSection.Open(section.Node("synthetic"), section.Path("synthetic"), errors, "type", "count", "seed");
        var type = synthetic.Text("type") ?? "H100-80G";
        if (!SyntheticGpuType.ByName.ContainsKey(type))
            synthetic.Error("type", $"'{type}' is not a GPU type; known types: {string.Join(", ", SyntheticGpuType.ByName.Keys)}");
        var endpoint = Endpoint(section);
        return new GpuConfig
        {
            Source = source ?? GpuSourceKind.None,
            LibraryPath = section.Text("libraryPath"),
            ToolPath = ToolPath(section, folder),
            Endpoint = endpoint,
            Timeout = section.Has("timeout") ? section.Duration("timeout", LeastTimeout, LeastTimeout, MostTimeout) : null,
            BearerTokenFile = RuntimeConfigReader.TokenFile(section, folder),
            Tls = TlsConfigReader.Read(section, folder, errors, TlsConfigReader.IsHttps(endpoint)),
            SyntheticType = type,
            SyntheticCount = synthetic.Whole("count", 1, 1, MaxGpus),
            SyntheticSeed = synthetic.Whole("seed", 1, 0, int.MaxValue),
        };
    }

    private static GpuSourceKind? Source(ConfigSection section)
    {
        var text = section.Required("source", "nvml");
        var index = Array.FindIndex(Sources, source => text.Equals(source.Name, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
            return Sources[index].Kind;
        if (text.Length > 0)
            section.Error("source", $"'{text}' is not a source; known sources: {string.Join(", ", Sources.Select(source => source.Name))}");
        return null;
    }

    /// <summary>A bare name is searched, a path is relative to the file.</summary>
    private static string? ToolPath(ConfigSection section, string folder)
    {
        if (section.Text("path") is not { } text)
            return null;
        if (!text.Contains('/', StringComparison.Ordinal) && !System.IO.Path.IsPathRooted(text))
            return text;
        var file = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, text));
        if (!File.Exists(file))
            section.Error("path", $"'{text}' is not a file");
        return file;
    }

    private static Uri Endpoint(ConfigSection section) => RuntimeConfigReader.AddressAt(section, "endpoint") switch
    {
        null => DefaultEndpoint,
        { AbsolutePath: "/" } root => new Uri(root, PageOfExporter),
        { } page => page,
    };
}
