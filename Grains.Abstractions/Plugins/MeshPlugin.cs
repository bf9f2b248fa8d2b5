using InferMesh.Grains.Abstractions.Versions;

namespace InferMesh.Grains.Abstractions.Plugins;

/// <summary>A number that a plugin can be tuned by.</summary>
/// <param name="Name">Name in a policy.</param>
/// <param name="Unit">Unit; "" for a bare number.</param>
/// <param name="Default">Value when a policy does not give it.</param>
/// <param name="Min">Smallest value allowed.</param>
/// <param name="Max">Largest value allowed.</param>
/// <param name="Description">What it does.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PluginParameter")]
public sealed record PluginParameter(
    [property: Id(0)] string Name, [property: Id(1)] string Unit, [property: Id(2)] double Default, [property: Id(3)] double Min, [property: Id(4)] double Max,
    [property: Id(5)] string Description);

/// <summary>One version of a plugin. It never changes: other content is another version.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.PluginVersion")]
public sealed record PluginVersion
{
    /// <summary><see cref="Kind"/> of what ranks the targets of requests.</summary>
    public const string RoutingKind = "routing";

    /// <summary><see cref="Kind"/> of what places training jobs.</summary>
    public const string TrainingKind = "training";

    /// <summary>Version, such as 1.2.0.</summary>
    [Id(0)] public required string Version { get; init; }

    /// <summary>SHA-256 of its <c>plugin.json</c>, 64 hexadecimal digits in lower case: stands for the whole package, and is the key of its content.</summary>
    [Id(1)] public required string Digest { get; init; }

    /// <summary>What it runs in: <c>wasm</c> or <c>dotnet</c>.</summary>
    [Id(2)] public required string Runtime { get; init; }

    /// <summary>What it does.</summary>
    [Id(3)] public string Description { get; init; } = "";

    /// <summary>What it can be tuned by.</summary>
    [Id(4)] public IReadOnlyList<PluginParameter> Parameters { get; init; } = [];

    /// <summary>Bytes of its archive.</summary>
    [Id(5)] public long ArchiveBytes { get; init; }

    /// <summary>When it was pushed.</summary>
    [Id(6)] public DateTimeOffset PushedAt { get; init; }

    /// <summary>Who pushed it.</summary>
    [Id(7)] public string PushedBy { get; init; } = "";

    /// <summary>What it decides: <see cref="RoutingKind"/> or <see cref="TrainingKind"/>.</summary>
    [Id(8)] public string Kind { get; init; } = RoutingKind;
}

/// <summary>What the mesh has of a plugin, and which version serves.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.PluginSpec")]
public sealed record PluginSpec
{
    /// <summary>Versions, pushed last first, at most <see cref="IPluginGrain.MaxVersions"/>.</summary>
    [Id(0)] public IReadOnlyList<PluginVersion> Versions { get; init; } = [];

    /// <summary>Version that policies get which name none; "" while none was enabled.</summary>
    [Id(1)] public string Current { get; init; } = "";

    /// <summary>Version that a rollback enables; "" when there is none.</summary>
    [Id(2)] public string Previous { get; init; } = "";

    /// <summary>Silos load it.</summary>
    [Id(3)] public bool Enabled { get; init; }

    /// <summary>A version; null when it is not kept.</summary>
    /// <param name="version">Version; "" for the current one.</param>
    public PluginVersion? Find(string version) => Versions.FirstOrDefault(v => v.Version == (version.Length > 0 ? version : Current));
}

/// <summary>A stored plugin.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.MeshPlugin")]
public sealed record MeshPlugin : IVersioned
{
    /// <summary>Name that policies use.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows by one with each change of what is stored, also over a removal; none of the plugin's own versions.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Content.</summary>
    [Id(2)] public required PluginSpec Spec { get; init; }

    /// <summary>When it was changed.</summary>
    [Id(3)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who changed it.</summary>
    [Id(4)] public string ChangedBy { get; init; } = "";

    /// <summary>It is removed.</summary>
    [Id(5)] public bool Deleted { get; init; }
}
