using System.Globalization;

namespace InferMesh.Adapters.Comm.Ucx;

/// <summary>A counter of UCX.</summary>
/// <param name="Path">Names of the objects that it belongs to, from the outermost in, with slashes between: <c>host:123/ucp_worker-0</c>.</param>
/// <param name="Name">Name of the counter, for example <c>bytes_zcopy</c>.</param>
/// <param name="Value">Its value.</param>
public sealed record UcxCounter(string Path, string Name, long Value);

/// <summary>
/// Statistics of UCX as it writes them as text (<c>UCX_STATS_DEST=file:...</c> or <c>stdout</c>, of a build with statistics): objects end in a colon, their counters stand below them, indented. What
/// is not understood is passed over; nothing throws, and there are at most 65,536 counters.
/// </summary>
public sealed class UcxStats
{
    private const int MaxCounters = 65_536;
    private const int MaxDepth = 16;
    private const int MaxLineCharacters = 256;

    private UcxStats(IReadOnlyList<UcxCounter> counters) => Counters = counters;

    /// <summary>Counters in their order.</summary>
    public IReadOnlyList<UcxCounter> Counters { get; }

    /// <summary>The sum of a counter over all objects; null when none has it, or when the sum has no place in 64 bits.</summary>
    /// <param name="name">Name of the counter.</param>
    public long? Sum(string name)
    {
        long? sum = null;
        foreach (var counter in Counters.Where(counter => counter.Name == name))
        {
            if (counter.Value > long.MaxValue - (sum ?? 0))
                return null;
            sum = (sum ?? 0) + counter.Value;
        }
        return sum;
    }

    /// <summary>Reads a dump, whole or cut off.</summary>
    /// <param name="text">The dump.</param>
    public static UcxStats Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var counters = new List<UcxCounter>();
        var objects = new Stack<(int Indent, string Path)>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var trimmed = line.Trim();
            if (trimmed.IsEmpty || line.Length > MaxLineCharacters || counters.Count >= MaxCounters)
                continue;
            var indent = line.Length - line.TrimStart().Length;
            while (objects.TryPeek(out var above) && above.Indent >= indent)
                objects.Pop();
            var path = objects.TryPeek(out var owner) ? owner.Path : "";
            if (trimmed[^1] == ':' && objects.Count < MaxDepth)
                objects.Push((indent, path.Length == 0 ? trimmed[..^1].ToString() : $"{path}/{trimmed[..^1]}"));
            else if (trimmed.LastIndexOf(':') is > 0 and var colon && long.TryParse(trimmed[(colon + 1)..].TrimStart(), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                counters.Add(new UcxCounter(path, trimmed[..colon].ToString(), value));
        }
        return new UcxStats(counters);
    }
}
