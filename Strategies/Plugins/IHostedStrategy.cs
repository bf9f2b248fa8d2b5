using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Plugins;

/// <summary>A strategy that a plugin made, with what answers in its place.</summary>
public interface IHostedStrategy : ILearningStrategy
{
    /// <summary>The plugin.</summary>
    PluginIdentity Plugin { get; }

    /// <summary>What it was made with: a value for each parameter of the plugin.</summary>
    IReadOnlyDictionary<string, double> Parameters { get; }

    /// <summary>What the plugin is measured against: the strategy that would rank without it.</summary>
    IRoutingStrategy Fallback { get; }

    /// <summary>Whether the plugin's rankings depend on what it was told of requests before.</summary>
    bool Learns { get; }

    /// <summary>Why the fallback made the last ranking that the calling thread asked for, such as <c>trap</c>; null where the plugin made it.</summary>
    string? LastFallback { get; }
}

/// <summary>Which plugin.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version.</param>
/// <param name="Digest">SHA-256 of its manifest.</param>
public sealed record PluginIdentity(string Name, string Version, string Digest)
{
    /// <summary>Name and version, such as <c>my_mesh@1.0.0</c>.</summary>
    public override string ToString() => $"{Name}@{Version}";
}

/// <summary>Makes a strategy of a plugin again, as it was recorded; null when the plugin is not there.</summary>
/// <param name="plugin">The plugin; its digest says what to run.</param>
/// <param name="parameters">A value for each of its parameters.</param>
/// <param name="fallback">What answers in its place, of this strategy alone.</param>
public delegate IHostedStrategy? HostedStrategyFactory(PluginIdentity plugin, IReadOnlyDictionary<string, double> parameters, IRoutingStrategy fallback);
