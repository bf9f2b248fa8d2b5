namespace InferMesh.Strategies.Hosting;

/// <summary>Whom a host trusts, and what it grants.</summary>
public sealed record PluginHostOptions
{
    /// <summary>Loads whatever it is given. For whoever writes a plugin, on a machine of their own.</summary>
    public bool Development { get; init; }

    /// <summary>Digests (<see cref="PluginPackage.Digest"/>) of packages that may be loaded outside <see cref="Development"/>.</summary>
    public IReadOnlySet<string> AllowedDigests { get; init; } = new HashSet<string>();

    /// <summary>What each plugin may use.</summary>
    public PluginBudget Budget { get; init; } = new();

    /// <summary>Most bytes of a WASM module; compiling takes time that grows with them.</summary>
    public int MaxModuleBytes { get; init; } = 4 << 20;

    /// <summary>Takes the lines that plugins log, at most 10 a second of each.</summary>
    public Action<PluginLogLine>? Log { get; init; }
}
