using System.IO.Compression;
using System.Security.Cryptography;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>The prebuilt module of hybrid_mesh in C, as packages of any name and version.</summary>
internal static class PluginArchive
{
    private static readonly byte[] s_module = Prebuilt("hybrid_mesh_c.wasm");

    /// <summary>A plugin that places jobs: binpack in C, or another module.</summary>
    public static byte[] OfTraining(string name, string version, byte[]? module = null) => Of(name, version, PluginKind.Training, module ?? Prebuilt("binpack_c.wasm"), "binpack in C.", []);

    /// <summary>Another module that ranks, without parameters.</summary>
    public static byte[] OfRouting(string name, string version, byte[] module) => Of(name, version, PluginKind.Routing, module, "A test's own.", []);

    /// <param name="name">Name.</param>
    /// <param name="version">Version.</param>
    /// <param name="parameters">What it can be tuned by; null for what hybrid_mesh can.</param>
    /// <param name="module">Its code; null for that of hybrid_mesh.</param>
    public static byte[] Of(string name, string version, IReadOnlyList<StrategyParameter>? parameters = null, byte[]? module = null) =>
        Of(name, version, PluginKind.Routing, module ?? s_module, "hybrid_mesh in C.", parameters ?? StrategyCatalog.All.Single(s => s.Name == "hybrid_mesh").Parameters);

    private static byte[] Of(string name, string version, PluginKind kind, byte[] module, string description, IReadOnlyList<StrategyParameter> parameters)
    {
        var manifest = new PluginManifest
        {
            Name = name,
            Version = version,
            Kind = kind,
            Runtime = PluginRuntime.Wasm,
            Main = "mesh.wasm",
            Files = new Dictionary<string, string> { ["mesh.wasm"] = Convert.ToHexStringLower(SHA256.HashData(module)) },
            Description = description,
            Parameters = parameters,
        };
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, PluginManifest.FileName, manifest.ToJson());
            Add(zip, "mesh.wasm", module);
        }
        return stream.ToArray();
    }

    private static void Add(ZipArchive zip, string name, byte[] content)
    {
        using var entry = zip.CreateEntry(name).Open();
        entry.Write(content);
    }

    private static byte[] Prebuilt(string module) => File.ReadAllBytes(Path.Combine(Root(), "Plugins", "prebuilt", module));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "InferMesh.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run within the repository.");
        return folder;
    }
}
