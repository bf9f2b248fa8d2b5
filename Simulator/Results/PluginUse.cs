namespace InferMesh.Simulator.Results;

/// <summary>What became of the decisions that a strategy outside the catalogue was asked for.</summary>
/// <param name="Asked">Rankings or placements that it was asked for.</param>
/// <param name="Fallbacks">Those of them that its fallback answered, by why, such as <c>trap</c> or <c>invalid</c>.</param>
public sealed record PluginUse(long Asked, IReadOnlyDictionary<string, long> Fallbacks)
{
    /// <summary>All that the fallback answered.</summary>
    public long FellBack => Fallbacks.Values.Sum();
}

/// <summary>Counts of one run, which is one thread.</summary>
internal sealed class PluginMeter
{
    private readonly SortedDictionary<string, long> _fallbacks = new(StringComparer.Ordinal);
    private long _asked;

    public void Asked(string? why)
    {
        _asked++;
        if (why is not null) _fallbacks[why] = _fallbacks.GetValueOrDefault(why) + 1;
    }

    public PluginUse ToResult() => new(_asked, _fallbacks);
}
