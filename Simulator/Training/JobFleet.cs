using System.Globalization;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Training;

namespace InferMesh.Simulator.Training;

/// <summary>Who uses a node.</summary>
internal enum NodeUse : byte
{
    /// <summary>It is training's own.</summary>
    Own,

    /// <summary>Serving needs it.</summary>
    Serving,

    /// <summary>Serving lends it.</summary>
    Lent,

    /// <summary>Serving has asked it back, and jobs are leaving it.</summary>
    AskedBack,
}

/// <summary>The nodes with what jobs hold of them, and the sums over them that figures are made of.</summary>
internal sealed class JobFleet
{
    private readonly TrainingNode[] _nodes;
    private readonly int[] _held;
    private readonly bool[] _down;
    private readonly NodeUse[] _use;
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

    public JobFleet(JobsConfig config)
    {
        _nodes = [.. Build(config.Fleet)];
        (_held, _down, _use) = (new int[_nodes.Length], new bool[_nodes.Length], new NodeUse[_nodes.Length]);
        for (var i = 0; i < _nodes.Length; i++)
        {
            _index[_nodes[i].Id] = i;
            // The last nodes of a rack are serving's.
            if (i % config.Fleet.NodesPerRack >= config.Fleet.NodesPerRack - config.Serving.NodesPerRack) _use[i] = NodeUse.Serving;
            Count(i, +1);
        }
        GpuTypes = config.Fleet.GpuTypes.ToDictionary(static t => t.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<TrainingNode> Nodes => _nodes;

    public IReadOnlyDictionary<string, JobGpuConfig> GpuTypes { get; }

    /// <summary>GPUs that jobs hold.</summary>
    public long Held { get; private set; }

    /// <summary>GPUs that jobs hold on nodes of serving.</summary>
    public long HeldLent { get; private set; }

    /// <summary>GPUs that jobs could hold: of nodes that are up and not serving's at the moment.</summary>
    public long Open { get; private set; }

    /// <summary>Free GPUs beside held ones on a node.</summary>
    public long Fragments { get; private set; }

    public int IndexOf(string id) => _index[id];

    public bool IsDown(int node) => _down[node];

    public int HeldOn(int node) => _held[node];

    public int FreeOn(int node) => IsOpen(node) ? _nodes[node].Gpus - _held[node] : 0;

    public NodeUse UseOf(int node) => _use[node];

    public void SetUse(int node, NodeUse use) => Change(node, () => _use[node] = use);

    public void SetDown(int node, bool down) => Change(node, () => _down[node] = down);

    /// <summary>Takes GPUs of a node, or gives them back when negative.</summary>
    public void Hold(int node, int gpus)
    {
        if (gpus == 0) return;
        if (gpus > 0 && gpus > FreeOn(node)) throw Laws.Broken("GPUs", string.Create(CultureInfo.InvariantCulture, $"{gpus} are taken of node {_nodes[node].Id}, which has {FreeOn(node)} free"));
        if (_held[node] + gpus < 0) throw Laws.Broken("GPUs", string.Create(CultureInfo.InvariantCulture, $"{-gpus} are given back to node {_nodes[node].Id}, of which {_held[node]} are held"));
        Change(node, () => _held[node] += gpus);
    }

    /// <summary>Nodes that take work, with what nobody holds.</summary>
    /// <param name="lendable">Those of them that are serving's.</param>
    public IReadOnlyList<TrainingNode> Taking(out IReadOnlySet<string> lendable)
    {
        var (nodes, lent) = (new List<TrainingNode>(_nodes.Length), new HashSet<string>(StringComparer.Ordinal));
        for (var i = 0; i < _nodes.Length; i++)
        {
            if (!IsOpen(i)) continue;
            if (_nodes[i].FreeGpus != FreeOn(i)) _nodes[i] = _nodes[i] with { FreeGpus = FreeOn(i) };
            nodes.Add(_nodes[i]);
            if (_use[i] == NodeUse.Lent) lent.Add(_nodes[i].Id);
        }
        lendable = lent;
        return nodes;
    }

    /// <summary>Whether a job has a place when nobody else is there, on nodes that are training's own.</summary>
    public static bool FitsAlone(JobsConfig config, JobRoom room)
    {
        var own = config.Fleet.NodesPerRack - config.Serving.NodesPerRack;
        TrainingNode[] nodes = [.. Build(config.Fleet).Where((_, i) => i % config.Fleet.NodesPerRack < own)];
        return TrainingCatalog.Create("binpack").Place(GangOf(room, config.Fleet.GpuTypes), nodes).Failure == PlacementFailure.None;
    }

    /// <summary>What the scheduler is asked to place.</summary>
    public static Gang GangOf(JobRoom room, IReadOnlyList<JobGpuConfig> types)
    {
        JobGpuConfig[] allowed = [.. types.Where(t => room.GpuTypes.Count == 0 || room.GpuTypes.Contains(t.Name))];
        // Where all are equal there is nothing to say.
        var equal = allowed.Length == types.Count && Array.TrueForAll(allowed, t => t.Pace == allowed[0].Pace);
        return new()
        {
            Workers = room.Workers,
            MinWorkers = room.LeastWorkers,
            GpusPerWorker = room.GpusPerWorker,
            Throughput = equal ? new Dictionary<string, double>() : allowed.ToDictionary(static t => t.Name, static t => t.Pace, StringComparer.Ordinal),
            BytesPerGpu = (long)(room.MemoryGb * (1L << 30)),
        };
    }

    private bool IsOpen(int node) => !_down[node] && _use[node] is NodeUse.Own or NodeUse.Lent;

    private void Change(int node, Action change)
    {
        Count(node, -1);
        change();
        Count(node, +1);
    }

    private void Count(int node, int sign)
    {
        var (held, open) = (_held[node], IsOpen(node));
        Held += sign * held;
        if (_use[node] != NodeUse.Own) HeldLent += sign * held;
        // A node that is asked back is no longer open, but what is held of it still is in use.
        Open += sign * (open ? _nodes[node].Gpus : held);
        if (open && held > 0) Fragments += sign * (_nodes[node].Gpus - held);
    }

    private static IEnumerable<TrainingNode> Build(JobFleetConfig fleet)
    {
        var given = new double[fleet.GpuTypes.Count];
        var shares = fleet.GpuTypes.Sum(static t => t.Share);
        for (var rack = 0; rack < fleet.Zones * fleet.RacksPerZone; rack++)
        {
            // The type that is furthest behind its share, so that zones are mixed alike.
            var behind = Enumerable.Range(0, given.Length).MaxBy(t => (fleet.GpuTypes[t].Share / shares * (rack + 1)) - given[t]);
            given[behind]++;
            var (type, zone) = (fleet.GpuTypes[behind], rack / fleet.RacksPerZone);
            for (var node = 0; node < fleet.NodesPerRack; node++)
            {
                yield return new()
                {
                    Id = string.Create(CultureInfo.InvariantCulture, $"n{zone:00}-{rack % fleet.RacksPerZone:000}-{node:000}"),
                    Region = "region",
                    Zone = string.Create(CultureInfo.InvariantCulture, $"z{zone:00}"),
                    Cell = string.Create(CultureInfo.InvariantCulture, $"z{zone:00}"),
                    Rack = string.Create(CultureInfo.InvariantCulture, $"z{zone:00}-r{rack % fleet.RacksPerZone:000}"),
                    GpuType = type.Name,
                    FreeGpus = fleet.GpusPerNode,
                    Gpus = fleet.GpusPerNode,
                    BytesPerGpu = (long)(type.MemoryGb * (1L << 30)),
                };
            }
        }
    }
}
