using InferMesh.Simulator.Experiments;
using InferMesh.Simulator.Metrics;
using InferMesh.Simulator.Network;
using InferMesh.Simulator.Workload;
using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine;

/// <summary>The parts of one run.</summary>
internal sealed class RunWorld
{
    public required Fleet Fleet { get; init; }

    public required NetworkModel Network { get; init; }

    public required WorkloadSource Workload { get; init; }

    public required EventQueue Queue { get; init; }

    public required EngineRack Rack { get; init; }

    public required ColdTargets Cold { get; init; }

    public required Failures Failures { get; init; }

    public required RouterSet Routers { get; init; }

    public required Signals Signals { get; init; }

    public required RunMetrics Metrics { get; init; }

    public required TimeSeries Series { get; init; }

    /// <summary>Null unless the run is the oracle's.</summary>
    public required Oracle? Oracle { get; init; }

    /// <summary>Null where every node does all of a request.</summary>
    public required KvMoves? Kv { get; init; }

    /// <summary>Null unless requests are split over the arms of an experiment.</summary>
    public required ExperimentMeter? Experiment { get; init; }

    public FlightPool Flights { get; } = new();

    /// <summary>Requests that each target was given.</summary>
    public required int[] Delivered { get; init; }

    /// <summary>From where a request enters to its router, one way; 0 where both are in one cell.</summary>
    public long IngressNs(in Flight flight)
    {
        var (here, there) = (flight.Request.Cell, Routers[flight.Router].Cell);
        return here == there ? 0 : SimTime.Ns(Network.RttSeconds(here, there, Fleet.Node[Fleet.CellStart[there]]) / 2);
    }
}

/// <summary>The routers, spread over the cells. A request goes to a router of its cell, in turn; where there is none, to the nearest.</summary>
internal sealed class RouterSet
{
    private readonly int[][] _ofCell;
    private readonly int[] _turn;

    public RouterSet(MeshRouter[] routers, Fleet fleet, NetworkModel network)
    {
        All = routers;
        _turn = new int[fleet.Cells];
        _ofCell = new int[fleet.Cells][];
        for (var cell = 0; cell < fleet.Cells; cell++)
        {
            var here = cell;
            int[] own = [.. Enumerable.Range(0, routers.Length).Where(r => routers[r].Cell == here)];
            _ofCell[cell] = own.Length > 0 ? own
                : [Enumerable.Range(0, routers.Length).MinBy(r => network.RttSeconds(here, routers[r].Cell, fleet.Node[fleet.CellStart[routers[r].Cell]]))];
        }
    }

    public MeshRouter[] All { get; }

    public MeshRouter this[int router] => All[router];

    /// <summary>Cell of one of so many routers.</summary>
    public static int CellOf(int router, int routers, int cells) => routers <= cells ? (int)((long)router * cells / routers) : router % cells;

    public int For(int cell)
    {
        var own = _ofCell[cell];
        return own.Length == 1 ? own[0] : own[_turn[cell]++ % own.Length];
    }
}
