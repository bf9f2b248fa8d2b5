using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Recording;

/// <summary>A recorded strategy of a plugin: the plugin ranks where it did in the mesh, and its fallback where that did.</summary>
/// <param name="name">As it was recorded.</param>
/// <param name="plugin">The plugin.</param>
/// <param name="fallback">What answered in its place.</param>
/// <param name="hosted">The plugin's own strategy, with the same fallback; null when the plugin is not here.</param>
internal sealed class ReplayedPlugin(string name, PluginIdentity plugin, IRoutingStrategy fallback, IHostedStrategy? hosted) : ILearningStrategy
{
    public string Name { get; } = name;

    public PluginIdentity Plugin { get; } = plugin;

    public bool Learns => hosted is { Learns: true };

    public bool FallbackLearns => fallback is ILearningStrategy;

    /// <summary>Why the fallback makes the decision that is made again; null where the plugin does.</summary>
    public string? RecordedFallback { get; set; }

    /// <summary>Why the fallback made the last ranking though the plugin had made the recorded one; null when all is as recorded.</summary>
    public string? NewFallback => RecordedFallback is null ? hosted?.LastFallback : null;

    public bool WantsPrefix => hosted?.WantsPrefix ?? fallback.WantsPrefix;

    private IRoutingStrategy Now => RecordedFallback is null ? hosted ?? throw new InvalidOperationException($"The code of {Plugin} is not here.") : fallback;

    public int Rank(in RankingInput input, Span<RankedTarget> best) => Now.Rank(input, best);

    public CostTerms Explain(in RankingInput input, int target) => Now.Explain(input, target);

    // The plugin's own strategy tells its fallback.
    public void Dispatched(in RankingInput input, int target) => (hosted ?? fallback as ILearningStrategy)?.Dispatched(input, target);

    public void Completed(in Outcome outcome) => (hosted ?? fallback as ILearningStrategy)?.Completed(outcome);
}
