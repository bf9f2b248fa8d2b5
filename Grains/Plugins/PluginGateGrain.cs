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
        // Who may not push it, or nobody, does not get it unpacked.
        if (PluginPackage.TryReadManifest(new MemoryStream(upload.Archive, writable: false), out var unread) is not { } manifest)
            return Refused(PluginStatus.Invalid, [.. unread.Select(static e => new FieldError(e.Field, e.Message))]);
        // What is not in the sandbox is in the process, whatever it is called.
        if (manifest.Runtime != PluginRuntime.Wasm && !upload.MayTrust)
            return Refused(PluginStatus.Forbidden, new FieldError("runtime", "dotnet is code that runs in the process of every silo: pushing it needs the permission strategies.trust."));
        // Unpacking, hashing and compiling take a while, and are no work for the thread of a grain.
        var (package, wrong) = await Task.Run(() => (PluginLoader.Open(upload.Archive, out var faults), faults));
        if (package is null) return Refused(PluginStatus.Invalid, [.. wrong]);
        var (description, errors) = await Task.Run(() => Describe(package));
        if (description is null) return Refused(PluginStatus.Invalid, [.. errors]);
        var version = new PluginVersion
        {
            Version = manifest.Version,
            Digest = package.Digest,
            Kind = manifest.Kind == PluginKind.Routing ? PluginVersion.RoutingKind : PluginVersion.TrainingKind,
            Runtime = manifest.Runtime == PluginRuntime.Wasm ? "wasm" : "dotnet",
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
