using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Strategies;

namespace InferMesh.Api.Endpoints.Plugins;

/// <summary>Where a strategy comes from.</summary>
internal enum StrategySource
{
    /// <summary>Every silo has it.</summary>
    Catalogue,

    /// <summary>It was pushed.</summary>
    Plugin,
}

/// <summary>A number that a strategy can be tuned by.</summary>
internal sealed record StrategyParameterView
{
    /// <summary>Name in a policy.</summary>
    public required string Name { get; init; }

    /// <summary>Unit; absent for a bare number.</summary>
    public string? Unit { get; init; }

    /// <summary>Value when a policy does not give it.</summary>
    public double Default { get; init; }

    /// <summary>Smallest value allowed.</summary>
    public double Min { get; init; }

    /// <summary>Largest value allowed.</summary>
    public double Max { get; init; }

    /// <summary>What it does.</summary>
    public required string Description { get; init; }

    public static StrategyParameterView Of(StrategyParameter p) => new() { Name = p.Name, Unit = Views.Known(p.Unit), Default = p.Default, Min = p.Min, Max = p.Max, Description = p.Description };

    public static StrategyParameterView Of(PluginParameter p) => new() { Name = p.Name, Unit = Views.Known(p.Unit), Default = p.Default, Min = p.Min, Max = p.Max, Description = p.Description };
}

/// <summary>One version of a plugin.</summary>
internal sealed record StrategyVersionView
{
    /// <summary>Version.</summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 of its plugin.json, which stands for the whole package: what silos allow.</summary>
    public required string Digest { get; init; }

    /// <summary>What it runs in: wasm or dotnet.</summary>
    public required string Runtime { get; init; }

    /// <summary>What it does; absent when it does not say.</summary>
    public string? Description { get; init; }

    /// <summary>Bytes of its archive.</summary>
    public long ArchiveBytes { get; init; }

    /// <summary>When it was pushed.</summary>
    public DateTimeOffset PushedAt { get; init; }

    /// <summary>Who pushed it.</summary>
    public required string PushedBy { get; init; }

    public static StrategyVersionView Of(PluginVersion v) => new()
    {
        Version = v.Version,
        Digest = v.Digest,
        Runtime = v.Runtime,
        Description = Views.Known(v.Description),
        ArchiveBytes = v.ArchiveBytes,
        PushedAt = v.PushedAt,
        PushedBy = v.PushedBy,
    };
}

/// <summary>A strategy that policies can name.</summary>
internal sealed record StrategyView
{
    /// <summary>Name in a policy.</summary>
    public required string Name { get; init; }

    /// <summary>Where it comes from.</summary>
    public StrategySource Source { get; init; }

    /// <summary>What it decides: <c>routing</c> for what policies name, <c>training</c> for what jobs name.</summary>
    public required string Kind { get; init; }

    /// <summary>Policies or jobs can name it.</summary>
    public bool Enabled { get; init; }

    /// <summary>What it does; of a plugin, that of the version that is or was enabled, or that was pushed last.</summary>
    public required string Description { get; init; }

    /// <summary>What it can be tuned by; of the same version.</summary>
    public required IReadOnlyList<StrategyParameterView> Parameters { get; init; }

    /// <summary>Of a plugin: version that policies get which name none; absent while none was enabled.</summary>
    public string? Version { get; init; }

    /// <summary>Of a plugin: version that a rollback enables; absent when there is none.</summary>
    public string? PreviousVersion { get; init; }

    /// <summary>Of a plugin: versions, pushed last first.</summary>
    public IReadOnlyList<StrategyVersionView>? Versions { get; init; }

    /// <summary>Of a plugin: when it was changed.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Of a plugin: who changed it; absent when nothing is stored.</summary>
    public string? ChangedBy { get; init; }

    public static StrategyView Of(StrategyDescription s) => new()
    {
        Name = s.Name,
        Source = StrategySource.Catalogue,
        Kind = PluginVersion.RoutingKind,
        Enabled = true,
        Description = s.Description,
        Parameters = [.. s.Parameters.Select(StrategyParameterView.Of)],
    };

    public static StrategyView Of(MeshPlugin plugin)
    {
        var spec = plugin.Spec;
        var shown = spec.Find("") ?? spec.Versions[0];
        return new()
        {
            Name = plugin.Name,
            Source = StrategySource.Plugin,
            Kind = shown.Kind,
            Enabled = spec.Enabled,
            Description = shown.Description,
            Parameters = [.. shown.Parameters.Select(StrategyParameterView.Of)],
            Version = Views.Known(spec.Current),
            PreviousVersion = Views.Known(spec.Previous),
            Versions = [.. spec.Versions.Select(StrategyVersionView.Of)],
            ChangedAt = plugin.Version > 0 ? plugin.ChangedAt : null,
            ChangedBy = Views.Known(plugin.ChangedBy),
        };
    }
}
