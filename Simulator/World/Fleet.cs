using System.Globalization;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.World;

/// <summary>
/// All targets, in the order of the routing table: cell, node, slice. Immutable; all runs of a configuration share it. Types are dealt out so that every stretch of nodes has
/// its share of each, and slices so that every type is cut alike.
/// </summary>
internal sealed class Fleet
{
    private static readonly Dictionary<string, string> NoLabels = [];

    private Fleet(TargetSpec[] specs, ushort[] spec, int[] node, int[] cellStart, TargetIdentity[] identity, int nodes, double dollarsPerHour, double gpus)
    {
        (Specs, _spec, Node, CellStart, Identity) = (specs, spec, node, cellStart, identity);
        (Nodes, DollarsPerHour, Gpus) = (nodes, dollarsPerHour, gpus);
        Cell = new int[node.Length];
        for (var cell = 0; cell + 1 < cellStart.Length; cell++) Cell.AsSpan(cellStart[cell]..cellStart[cell + 1]).Fill(cell);
        NodeStart = new int[nodes + 1];
        for (var target = 0; target < node.Length; target++) NodeStart[node[target] + 1] = target + 1;
    }

    private readonly ushort[] _spec;

    /// <summary>Kinds of targets that occur.</summary>
    public TargetSpec[] Specs { get; }

    /// <summary>Targets.</summary>
    public int Count => Node.Length;

    /// <summary>Cells.</summary>
    public int Cells => CellStart.Length - 1;

    /// <summary>Nodes.</summary>
    public int Nodes { get; }

    /// <summary>Node of each target, from 0.</summary>
    public int[] Node { get; }

    /// <summary>First target of each node, and one past the last.</summary>
    public int[] NodeStart { get; }

    /// <summary>Cell of each target, from 0.</summary>
    public int[] Cell { get; }

    /// <summary>First target of each cell, and one past the last.</summary>
    public int[] CellStart { get; }

    /// <summary>Who each target is.</summary>
    public TargetIdentity[] Identity { get; }

    /// <summary>Price of all nodes.</summary>
    public double DollarsPerHour { get; }

    /// <summary>GPUs of all nodes.</summary>
    public double Gpus { get; }

    /// <summary>Kind of a target.</summary>
    public TargetSpec Spec(int target) => Specs[_spec[target]];

    /// <summary>Whether some nodes only prefill and the others only decode.</summary>
    public bool Disaggregated => Array.Exists(Specs, s => s.Part != WorkPart.Whole);

    /// <summary>What of a request a target does.</summary>
    public WorkPart PartOf(int target) => Spec(target).Part;

    /// <summary>The same fleet with its cells in other regions.</summary>
    /// <param name="regionOf">Region of each cell.</param>
    public Fleet InRegions(int[] regionOf) => new(
        Specs, _spec, Node, CellStart, [.. Identity.Select((id, target) => id with { Region = Name("region-", regionOf[Cell[target]], Cells) })], Nodes, DollarsPerHour, Gpus);

    /// <summary>Builds the fleet.</summary>
    /// <param name="topology">Cells, nodes and slices.</param>
    /// <param name="kinds">GPU types, in the order of the topology; where some nodes only prefill, those of the nodes that only decode.</param>
    /// <param name="prefill">The same types as nodes that only prefill; empty where all do all.</param>
    /// <param name="prefillShare">Share of nodes that only prefill.</param>
    /// <param name="regionOf">Region of each cell.</param>
    /// <param name="runtime">Name of the service model.</param>
    public static Fleet Build(TopologyConfig topology, IReadOnlyList<NodeKind> kinds, IReadOnlyList<NodeKind> prefill, double prefillShare, Func<int, int> regionOf, string runtime)
    {
        NodeKind[] all = [.. kinds, .. prefill];
        TargetSpec[] specs = [.. all.SelectMany(k => (TargetSpec[])[k.Whole, .. k.Slices])];
        var first = new int[all.Length];
        for (var k = 1; k < first.Length; k++) first[k] = first[k - 1] + 1 + all[k - 1].Slices.Count;

        var (spec, node, identity) = (new List<ushort>(), new List<int>(), new List<TargetIdentity>());
        var cellStart = new int[topology.Cells + 1];
        var cut = topology.Mig.Enable ? topology.Mig.Share : 0;
        var (deal, dealPrefill) = (new Deal(kinds, cut), new Deal(prefill, cut));
        double dollars = 0, gpus = 0, prefillDue = 0;
        for (var cell = 0; cell < topology.Cells; cell++)
        {
            cellStart[cell] = node.Count;
            var (cellId, region) = (Name("cell-", cell, topology.Cells), Name("region-", regionOf(cell), topology.Cells));
            for (var i = 0; i < topology.NodesPerCell; i++)
            {
                var number = cell * topology.NodesPerCell + i;
                var nodeId = Name("node-", number, topology.Cells * topology.NodesPerCell);
                prefillDue += prefillShare;
                var prefills = prefillDue >= 1 - 1e-9;
                if (prefills) prefillDue -= 1;
                var (kind, isCut) = prefills ? dealPrefill.Next() : deal.Next();
                if (prefills) kind += kinds.Count;
                dollars += all[kind].PricePerHour;
                gpus += all[kind].Gpus;
                if (!isCut) Add(first[kind], nodeId);
                for (var slice = 0; isCut && slice < all[kind].Slices.Count; slice++) Add(first[kind] + 1 + slice, Name(nodeId + "/", slice, all[kind].Slices.Count));

                void Add(int which, string endpoint)
                {
                    spec.Add((ushort)which);
                    node.Add(number);
                    identity.Add(new(nodeId, cellId, cellId, region, nodeId, runtime, endpoint, specs[which].Name, true, NoLabels));
                }
            }
        }
        cellStart[^1] = node.Count;
        return new(specs, [.. spec], [.. node], cellStart, [.. identity], topology.Cells * topology.NodesPerCell, dollars, gpus);
    }

    // Names sort as numbers do, because the routing table is sorted by name.
    private static string Name(string prefix, int number, int count) =>
        prefix + number.ToString("D" + (Math.Max(1, count - 1)).ToString(CultureInfo.InvariantCulture).Length.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>Deals types by weight and cuts by share, each as evenly as whole nodes allow.</summary>
    private sealed class Deal(IReadOnlyList<NodeKind> kinds, double cutShare)
    {
        private readonly double[] _due = new double[kinds.Count];
        private readonly double[] _cutDue = new double[kinds.Count];
        private readonly double _total = kinds.Sum(k => k.Weight);

        public (int Kind, bool Cut) Next()
        {
            var kind = 0;
            for (var k = 0; k < _due.Length; k++)
            {
                _due[k] += kinds[k].Weight / _total;
                if (_due[k] > _due[kind] + 1e-12) kind = k;
            }
            _due[kind] -= 1;
            _cutDue[kind] += kinds[kind].Slices.Count > 0 ? cutShare : 0;
            if (_cutDue[kind] < 1 - 1e-9) return (kind, false);
            _cutDue[kind] -= 1;
            return (kind, true);
        }
    }
}
