using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Workload;
using InferMesh.Strategies.Topology;

namespace InferMesh.Simulator.Network;

/// <summary>
/// How far apart cells and nodes are, from coordinates or a matrix. Fixed for a run, safe for concurrent use; needs memory for the cells only,
/// however many nodes there are. A round trip between cells includes the last hop within the node's cell.
/// </summary>
public sealed class NetworkModel
{
    private const ulong CoordinateStream = 2_000, NodeStream = 2_001, NoiseStream = 2_002;

    // Nodes share so many drawn round trips, a power of two: enough that no quantile shows it.
    private const int NodeDraws = 4_096;

    // Zones of one region of the public clouds are within about 2 ms; regions are further apart.
    private const double RegionSeconds = 3e-3;
    private const double BytesPerMegabit = 1e6 / 8;

    private readonly CellCoordinatesConfig _shape;
    private readonly double[] _coordinates;
    private readonly double[] _nodeSeconds;
    private readonly ulong _seed;
    private readonly double _intraBytes, _interBytes;
    private readonly RttMatrix? _matrix;

    private NetworkModel(SimConfig config)
    {
        var network = config.Network;
        (_shape, _seed) = (network.InterCellCoords, config.Seed);
        (_intraBytes, _interBytes) = (network.BwMbps.IntraCell * BytesPerMegabit, network.BwMbps.InterRegion * BytesPerMegabit);
        _matrix = network.RttMatrixFile is { } file ? RttMatrix.Load(ConfigFile.Resolve(file)!) : null;
        _coordinates = new double[config.Topology.Cells * _shape.Dim];
        var random = new RandomStream(_seed, CoordinateStream);
        for (var i = 0; i < _coordinates.Length; i++) _coordinates[i] = 200 * random.NextUnit() - 100;

        var intra = new Sampler(network.IntraCellRttMs);
        random = new(_seed, NodeStream);
        _nodeSeconds = new double[NodeDraws];
        for (var i = 0; i < NodeDraws; i++) _nodeSeconds[i] = Math.Max(0, intra.Draw(random)) / 1e3;
    }

    /// <summary>Builds the network of a valid configuration.</summary>
    public static NetworkModel Build(SimConfig config) => new(config);

    /// <summary>Round trip in seconds from a cell to a node.</summary>
    /// <param name="fromCell">Cell of the router.</param>
    /// <param name="toCell">Cell of the node.</param>
    /// <param name="node">Number of the node or target, any.</param>
    public double RttSeconds(int fromCell, int toCell, int node) =>
        _nodeSeconds[(int)(Hash((ulong)node, NodeStream) % NodeDraws)] + (fromCell == toCell ? 0 : BetweenCells(fromCell, toCell));

    /// <summary>Bytes per second of one transfer between two cells, or within one.</summary>
    public double BytesPerSecond(int fromCell, int toCell) => fromCell == toCell ? _intraBytes : _interBytes;

    /// <summary>Class of the link between two cells; cells within 3 ms are zones of one region.</summary>
    public LinkClass LinkClassOf(int fromCell, int toCell) =>
        fromCell == toCell ? LinkClass.Zone : BetweenCells(fromCell, toCell) <= RegionSeconds ? LinkClass.Region : LinkClass.Wan;

    /// <summary>Region of each cell, by the number of its first cell; null where every cell is a region of its own.</summary>
    internal int[]? Regions()
    {
        var cells = _coordinates.Length / _shape.Dim;
        if (_matrix is null && _shape.BaseRttMs * (1 - _shape.Noise) > RegionSeconds * 1e3) return null;
        var (regionOf, firsts) = (new int[cells], new List<int>());
        for (var cell = 0; cell < cells; cell++)
        {
            var region = firsts.FindIndex(first => LinkClassOf(first, cell) != LinkClass.Wan);
            if (region < 0) firsts.Add(cell);
            regionOf[cell] = region < 0 ? cell : firsts[region];
        }
        return firsts.Count == cells ? null : regionOf;
    }

    private double BetweenCells(int a, int b)
    {
        if (_matrix is not null) return _matrix.Seconds(a, b);
        var square = 0.0;
        for (var i = 0; i < _shape.Dim; i++)
        {
            var d = _coordinates[a * _shape.Dim + i] - _coordinates[b * _shape.Dim + i];
            square += d * d;
        }

        var pair = ((ulong)Math.Min(a, b) << 32) | (uint)Math.Max(a, b);
        var unit = (Hash(pair, NoiseStream) >> 11) * (1.0 / (1UL << 53));
        return (_shape.BaseRttMs + 0.1 * Math.Sqrt(square)) * (1 + _shape.Noise * (2 * unit - 1)) / 1e3;
    }

    private ulong Hash(ulong value, ulong stream) => BlockNames.Mix(value ^ BlockNames.Mix(_seed ^ (stream << 48)));
}
