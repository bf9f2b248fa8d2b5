using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>Reads <c>rho=.3,.6;strategies=mesh,baseline_rr;staleness=0,1s</c> and lays the values over a configuration.</summary>
internal static class SweepMatrix
{
    /// <summary>A dimension: its name, its least and greatest value, and what a value changes.</summary>
    private sealed record Dimension(string Name, double Min, double Max, Func<SimConfig, double, SimConfig> Apply);

    private static readonly Dimension[] Dimensions =
    [
        new("rho", 0.01, 2, static (c, v) => c with { Workload = c.Workload with { Arrival = c.Workload.Arrival with { Rho = v } } }),
        new("staleness", 0, 600, Stale),
        new("alpha", 0, 1, static (c, v) => c with { Hedging = c.Hedging with { Alpha = v } }),
        new("mig_share", 0, 1, Mig),
        new("decision_cost", 0, 10, static (c, v) => c with { Routers = c.Routers with { DecisionCostS = v } }),
        new("cells", 1, 65_536, Cells),
    ];

    private const string StrategiesName = "strategies";

    /// <summary>The cells, in the order of the text: the last dimension varies fastest.</summary>
    public static IReadOnlyList<MatrixCell> Read(string text, SimConfig config, IStrategySource? others = null)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Part).ToArray();
        if (parts.Select(static p => p.Name).GroupBy(static n => n, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            throw new UsageException($"--matrix: '{twice.Key}' stands there twice");
        if (Array.Find(parts, static p => p.Name == StrategiesName) is { Values: { } names })
            config = config with { Strategies = SimOptions.Strategies("--matrix: strategies", names, config, others) };
        IReadOnlyList<MatrixCell> cells = [new([], config)];
        foreach (var (name, values) in parts.Where(static p => p.Name != StrategiesName))
        {
            var dimension = Array.Find(Dimensions, d => d.Name == name)
                ?? throw new UsageException($"--matrix: there is no dimension '{name}'; there are {string.Join(", ", Dimensions.Select(static d => d.Name).Append(StrategiesName))}");
            cells = [.. cells.SelectMany(cell => values.Select(value => With(cell, dimension, value)))];
        }
        return cells[0].Place.Count > 0 ? cells : throw new UsageException("--matrix must vary at least one dimension, such as rho=.3,.6,.8");
    }

    /// <summary>Reports every <paramref name="seconds"/>; at 0 the routers see every node as it is.</summary>
    public static SimConfig Stale(SimConfig config, double seconds)
    {
        var period = new RangeMs(seconds * 1000, seconds * 1000);
        var signals = config.Signals with { QueueDepthMs = period, VramMs = period, P95Ms = period };
        if (seconds == 0) signals = signals with { TransportMs = new() { IntraCell = new(0, 0), InterCell = new(0, 0) } };
        return config with { Signals = signals };
    }

    private static SimConfig Mig(SimConfig config, double share)
    {
        var mig = config.Topology.Mig;
        return config with { Topology = config.Topology with { Mig = mig with { Enable = share > 0, Share = share, Profiles = mig.Profiles.Count > 0 ? mig.Profiles : [new("3g.40gb", 0.5), new("3g.40gb", 0.5)] } } };
    }

    /// <summary>The same nodes in another number of cells: what varies is the distance, not the fleet.</summary>
    private static SimConfig Cells(SimConfig config, double cells)
    {
        var nodes = config.Topology.Cells * config.Topology.NodesPerCell;
        if (cells != Math.Floor(cells) || nodes % (int)cells != 0) throw new UsageException($"--matrix: cells must divide the {nodes} nodes of the configuration");
        return config with { Topology = config.Topology with { Cells = (int)cells, NodesPerCell = nodes / (int)cells } };
    }

    private static (string Name, string[] Values) Part(string text)
    {
        var values = text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? text[(at + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
        return values.Length > 0 ? (text[..text.IndexOf('=', StringComparison.Ordinal)].Trim(), values) : throw new UsageException($"--matrix: '{text}' is not name=value,value");
    }

    private static MatrixCell With(MatrixCell cell, Dimension dimension, string text) =>
        MatrixValue.TryNumber(text, out var value) && value >= dimension.Min && value <= dimension.Max
            ? new([.. cell.Place, (dimension.Name, text)], dimension.Apply(cell.Config, value))
            : throw new UsageException(FormattableString.Invariant($"--matrix: {dimension.Name} must be from {dimension.Min} to {dimension.Max}, not '{text}'"));
}
