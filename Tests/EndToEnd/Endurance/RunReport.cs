using System.Globalization;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>What a run counted, and what of it must not be.</summary>
internal sealed class RunReport(string title)
{
    private readonly List<(string Name, string Value)> _rows = [];

    public List<string> Violations { get; } = [];

    public void Add(string name, FormattableString value) => _rows.Add((name, value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Counts something that must not be, with a few examples.</summary>
    public void Forbid(string what, IReadOnlyCollection<string> found)
    {
        Add(what, $"{found.Count}");
        if (found.Count > 0) Violations.Add($"{what}: {found.Count}\n    {string.Join("\n    ", found.Take(5))}");
    }

    public void Forbid(string what, IEnumerable<LoadRequest> found) =>
        Forbid(what, [.. found.Select(r => string.Create(CultureInfo.InvariantCulture, $"at {r.Started.TotalSeconds:0.0} s, over at {r.Ended.TotalSeconds:0.0} s, node {r.Node}: {r.Detail}"))]);

    /// <summary>The rows that every run has.</summary>
    public void AddLoad(Load load)
    {
        var over = load.Over.ToArray();
        var times = over.Where(static r => r.End == RequestEnd.Complete).Select(static r => (r.Ended - r.Started).TotalSeconds).Order().ToArray();
        Add("duration", $"{load.Elapsed.TotalSeconds:0} s");
        Add("requests", $"{over.Length}");
        Add("complete", $"{times.Length}");
        if (times.Length > 0) Add("time of a request p50, p99, most", $"{times[times.Length / 2]:0.00} s, {times[(int)(times.Length * 0.99)]:0.00} s, {times[^1]:0.00} s");
    }

    public override string ToString()
    {
        var width = _rows.Max(static r => r.Name.Length);
        return $"{title}\n{string.Concat(_rows.Select(r => $"  {r.Name.PadRight(width)}  {r.Value}\n"))}{(Violations.Count == 0 ? "  holds\n" : "  VIOLATED\n  " + string.Join("\n  ", Violations) + "\n")}";
    }
}
