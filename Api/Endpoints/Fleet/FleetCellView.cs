using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>All nodes of a cell at one moment, a column per reading: all arrays have one entry per node, null where it is unknown.</summary>
internal sealed record FleetCellView
{
    /// <summary>Cell id.</summary>
    public required string Id { get; init; }

    /// <summary>Life of the summary; a restart begins a new one.</summary>
    public long Incarnation { get; init; }

    /// <summary>Version of the summary within its life.</summary>
    public long Version { get; init; }

    /// <summary>When the summary was made.</summary>
    public DateTimeOffset BuiltAt { get; init; }

    /// <summary>True when every node is simulated.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Node ids.</summary>
    public required IReadOnlyList<string> Nodes { get; init; }

    /// <summary>Zones; "" where unknown.</summary>
    public required IReadOnlyList<string> Zones { get; init; }

    /// <summary>Health.</summary>
    public required IReadOnlyList<NodeHealth> Health { get; init; }

    /// <summary>GPUs and MIG slices.</summary>
    public required IReadOnlyList<int> Gpus { get; init; }

    /// <summary>Requests over batch size, mean of the node's targets; above 1 requests wait.</summary>
    public required IReadOnlyList<double?> Load { get; init; }

    /// <summary>Requests that run.</summary>
    public required IReadOnlyList<double?> Running { get; init; }

    /// <summary>Requests that wait.</summary>
    public required IReadOnlyList<double?> Waiting { get; init; }

    /// <summary>KV cache in use, 0 to 1, of the fullest target.</summary>
    public required IReadOnlyList<double?> KvCacheUsage { get; init; }

    /// <summary>Mean SM utilisation, 0 to 1.</summary>
    public required IReadOnlyList<double?> SmUtilization { get; init; }

    /// <summary>GPU memory in use, 0 to 1.</summary>
    public required IReadOnlyList<double?> VramUsage { get; init; }

    /// <summary>Hottest GPU, °C.</summary>
    public required IReadOnlyList<double?> TemperatureCelsius { get; init; }

    /// <summary>Round trip to the API, milliseconds.</summary>
    public required IReadOnlyList<double?> RttMs { get; init; }

    public static FleetCellView Of(CellSnapshot cell)
    {
        var (nodes, targets) = (cell.Nodes, cell.Targets);
        var of = Enumerable.Range(0, targets.Node.Length).ToLookup(i => targets.Node[i]);
        var rows = Enumerable.Range(0, nodes.Registration.Length).ToArray();
        return new()
        {
            Id = cell.CellId,
            Incarnation = cell.Incarnation,
            Version = cell.Version,
            BuiltAt = cell.BuiltAt,
            Synthetic = rows.Length > 0 && nodes.Registration.All(static r => r.Synthetic),
            Nodes = Array.ConvertAll(nodes.Registration, static r => r.NodeId),
            Zones = Array.ConvertAll(nodes.Registration, static r => r.Zone),
            Health = nodes.Health,
            Gpus = Array.ConvertAll(nodes.Gpus, static g => g.Count),
            Load = [.. rows.Select(i => Rounded(Mean(of[i].Select(t => (targets.Running[t] + targets.Waiting[t]) / targets.MaxConcurrency[t]))))],
            Running = [.. rows.Select(i => Rounded(Sum(of[i].Select(t => targets.Running[t]))))],
            Waiting = [.. rows.Select(i => Rounded(Sum(of[i].Select(t => targets.Waiting[t]))))],
            KvCacheUsage = [.. rows.Select(i => Rounded(Max(of[i].Select(t => targets.KvCacheUsage[t]))))],
            SmUtilization = Array.ConvertAll(nodes.Gpus, static g => Rounded(g.SmUtilization)),
            VramUsage = Array.ConvertAll(nodes.Gpus, static g => g.VramTotalBytes > 0 ? Rounded((double)g.VramUsedBytes / g.VramTotalBytes) : null),
            TemperatureCelsius = Array.ConvertAll(nodes.Gpus, static g => Rounded(g.MaxTemperatureCelsius)),
            RttMs = Array.ConvertAll(nodes.RttMs, static rtt => Rounded(rtt)),
        };
    }

    private static double? Mean(IEnumerable<double> values) => values.Where(double.IsFinite).Select(static v => (double?)v).Average();

    private static double? Max(IEnumerable<double> values) => values.Where(double.IsFinite).Select(static v => (double?)v).Max();

    private static double? Sum(IEnumerable<double> values) => values.Where(double.IsFinite).Select(static v => (double?)v).DefaultIfEmpty(null).Aggregate(static (a, b) => a + b);

    // Thousands of numbers travel: nobody sees more of them than this.
    private static double? Rounded(double? value) => Views.Known(value) is { } number ? Math.Round(number, 3) : null;
}
