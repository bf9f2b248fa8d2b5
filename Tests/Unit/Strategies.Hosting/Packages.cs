using System.IO.Compression;
using System.Security.Cryptography;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Architecture;
using Wasmtime;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>Packages of plugins, made in memory.</summary>
internal static class Packages
{
    /// <summary>So generous that a busy machine makes no call late.</summary>
    public static PluginBudget Patient { get; } = new() { RoutingDeadline = TimeSpan.FromSeconds(20), TrainingDeadline = TimeSpan.FromSeconds(20), AbortAfter = TimeSpan.FromSeconds(20) };

    public static IReadOnlyList<StrategyParameter> HybridParameters => StrategyCatalog.All.Single(s => s.Name == "hybrid_mesh").Parameters;

    public static PluginHost Host(PluginBudget? budget = null, Action<PluginLogLine>? log = null, TimeProvider? time = null) =>
        new(new() { Development = true, Budget = budget ?? Patient, Log = log }, time);

    public static byte[] Prebuilt(string name) => File.ReadAllBytes(Path.Combine(Repository.Root, "Plugins", "prebuilt", name));

    public static PluginPackage Wasm(byte[] module, string name = "guest", PluginKind kind = PluginKind.Routing, IReadOnlyList<StrategyParameter>? parameters = null)
    {
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = module };
        return Of(files, new() { Name = name, Version = "1.0.0", Kind = kind, Runtime = PluginRuntime.Wasm, Main = "main.wasm", Files = Hashes(files), Parameters = parameters ?? [] });
    }

    public static PluginPackage Hybrid(string module) => Wasm(Prebuilt(module), "hybrid_guest", parameters: HybridParameters);

    /// <summary>A .NET plugin of an assembly beside the tests.</summary>
    public static PluginPackage DotNet(string assembly, string name, PluginKind kind = PluginKind.Routing)
    {
        var files = new Dictionary<string, byte[]> { [$"{assembly}.dll"] = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll")) };
        return Of(files, new() { Name = name, Version = "1.0.0", Kind = kind, Runtime = PluginRuntime.DotNet, Main = $"{assembly}.dll", Files = Hashes(files) });
    }

    public static PluginPackage HybridDotNet() => DotNet("InferMesh.Plugins.HybridMesh", "hybrid_mesh_plugin");

    public static IReadOnlyDictionary<string, string> Hashes(IReadOnlyDictionary<string, byte[]> files) => files.ToDictionary(f => f.Key, f => Convert.ToHexStringLower(SHA256.HashData(f.Value)));

    public static PluginPackage Of(Dictionary<string, byte[]> files, PluginManifest manifest)
    {
        var package = PluginPackage.TryCreate(new Dictionary<string, byte[]>(files) { [PluginManifest.FileName] = manifest.ToJson() }, out var errors);
        Assert.IsNotNull(package, string.Join("; ", errors));
        return package;
    }

    /// <summary>The same as an archive; the same bytes for the same content.</summary>
    public static byte[] Zip(Dictionary<string, byte[]> files, PluginManifest manifest) => Zip(files, manifest.ToJson());

    /// <summary>The same with a manifest that need not be one.</summary>
    public static byte[] Zip(Dictionary<string, byte[]> files, byte[] manifest)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in new Dictionary<string, byte[]>(files) { [PluginManifest.FileName] = manifest })
            {
                var entry = zip.CreateEntry(name);
                entry.LastWriteTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var to = entry.Open();
                to.Write(content);
            }
        }
        return stream.ToArray();
    }

    public static LoadedPlugin Load(PluginHost host, PluginPackage package)
    {
        var plugin = host.TryLoad(package, null, out var errors);
        Assert.IsNotNull(plugin, string.Join("; ", errors));
        return plugin;
    }

    /// <summary>A module in text form that keeps to the interface; its ranking is given, the rest replaced where need be.</summary>
    /// <param name="rank">Body of im_rank(batch) -> status.</param>
    /// <param name="imports">Imports.</param>
    /// <param name="more">Further parts.</param>
    /// <param name="memory">Limits of the memory in pages.</param>
    /// <param name="columns">What im_columns returns.</param>
    /// <param name="reserve">Body of im_reserve(bytes) -> address.</param>
    /// <param name="version">Version of the interface.</param>
    public static byte[] Text(string rank, string imports = "", string more = "", string memory = "16", string columns = "0", string reserve = "i32.const 65536", int version = 1) => Module.ConvertText($"""
        (module {imports} (memory (export "memory") {memory}) {more}
          (func (export "im_abi_version") (result i32) i32.const {version})
          (func (export "im_reserve") (param $bytes i32) (result i32) {reserve})
          (func (export "im_columns") (result i64) i64.const {columns})
          (func (export "im_rank") (param $batch i32) (result i32) {rank}))
        """);

    /// <summary>A module that traps for every fourth seed, and else picks the target that the text leaves on the stack.</summary>
    public static byte[] TrapsForEveryFourthSeed(string target = "i32.const 0") =>
        Text(Pick($"if (result i32) (i64.eqz (i64.and (i64.load offset=8 (local.get $request)) (i64.const 3))) (then unreachable) (else ({target}))"));

    /// <summary>Picks target <paramref name="target"/> with the score that the text leaves on the stack.</summary>
    public static string Pick(string target = "i32.const 0", string score = "f64.const 1", string count = "i32.const 1") => $"""
        (local $request i32) (local $picks i32)
        (local.set $request (i32.load offset=36 (local.get $batch)))
        (local.set $picks (i32.load offset=80 (local.get $request)))
        (i32.store (local.get $picks) ({target}))
        (f64.store offset=8 (local.get $picks) ({score}))
        (i32.store offset=84 (local.get $request) ({count}))
        i32.const 0
        """;
}
