using System.Collections.Concurrent;

namespace InferMesh.ServiceDefaults.Telemetry;

/// <summary>
/// Keeps a label from having more values than a metrics store can bear: what callers choose, such as the name of a tenant, has no bound of its own. The first ones keep their names. Thread-safe.
/// </summary>
/// <param name="max">Most values, 1 or more.</param>
public sealed class LabelLimit(int max)
{
    /// <summary>What all further values are together.</summary>
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The value, or <see cref="Other"/> when there are as many already.</summary>
    /// <param name="value">Value as a caller gave it; "" stays what it is.</param>
    /// <param name="isKnown">Whether it is more than what a caller says; what is not gets no place of its own.</param>
    public string Of(string value, bool isKnown)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length == 0 || _known.ContainsKey(value))
            return value;
        if (!isKnown || Volatile.Read(ref _count) >= max)
            return Other;
        if (_known.TryAdd(value, value))
            Interlocked.Increment(ref _count);
        return value;
    }
}
