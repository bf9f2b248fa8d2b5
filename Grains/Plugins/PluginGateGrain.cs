using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Strategies.Hosting;
using Orleans.Concurrency;

namespace InferMesh.Grains.Plugins;

/// <inheritdoc cref="IPluginGateGrain"/>
[GrainType("plugin-gate"), StatelessWorker]
internal sealed class PluginGateGrain(PluginLoader loader, TimeProvider time) : Grain, IPluginGateGrain
{
    public async Task<PluginResult> Push(PluginUpload upload, string actor)
    {
        if (upload.Archive.Length is 0 or > IPluginGateGrain.MaxArchiveBytes)
            return Refused(PluginStatus.Invalid, new FieldError("package", $"must be a zip archive of 1 to {IPluginGateGrain.MaxArchiveBytes} bytes."));
        // Unpacking, hashing and compiling take a while, and are no work for the thread of a grain.
        var (package, wrong) = await Task.Run(() => (PluginLoader.Open(upload.Archive, out var faults), faults));
        if (package is null) return Refused(PluginStatus.Invalid, [.. wrong]);
        var manifest = package.Manifest;
        if (manifest.Kind != PluginKind.Routing) return Refused(PluginStatus.Invalid, new FieldError("kind", "must be routing: the mesh places jobs by its own strategies alone."));
        if (manifest.Runtime == PluginRuntime.DotNet && !upload.MayTrust)
            return Refused(PluginStatus.Forbidden, new FieldError("runtime", "dotnet is code that runs in the process of every silo: pushing it needs the permission strategies.trust."));
        var (description, errors) = await Task.Run(() => Describe(package));
        if (description is null) return Refused(PluginStatus.Invalid, [.. errors]);
        var version = new PluginVersion
        {
            Version = manifest.Version,
            Digest = package.Digest,
            Runtime = manifest.Runtime == PluginRuntime.DotNet ? "dotnet" : "wasm",
            Description = description.Description,
            Parameters = [.. description.Parameters.Select(static p => new PluginParameter(p.Name, p.Unit, p.Default, p.Min, p.Max, p.Description))],
            ArchiveBytes = upload.Archive.Length,
            PushedAt = time.GetUtcNow(),
            PushedBy = actor,
        };
        if (!upload.DryRun) return await GrainFactory.GetGrain<IPluginGrain>(manifest.Name).Add(version, upload.Archive, actor);
        return new(PluginStatus.Accepted, new() { Name = manifest.Name, Spec = new() { Versions = [version] } }, [], []);
    }

    private (Strategies.StrategyDescription? Description, IReadOnlyList<FieldError> Errors) Describe(PluginPackage package)
    {
        using var plugin = loader.TryLoad(package, out var errors);
        return (plugin?.Description, errors);
    }

    private static PluginResult Refused(PluginStatus status, params IReadOnlyList<FieldError> errors) => new(status, null, errors, []);
}
