using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Network;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.World;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <summary>How KV blocks get from the nodes that prefill to those that decode, where the fleet has both.</summary>
internal sealed class KvMoves
{
    private readonly Fleet _fleet;
    private readonly NetworkModel _network;
    private readonly double _bytesPerSecond;
    private readonly long _fixedNs;
    private readonly PlacementRule[] _within;

    public KvMoves(SimConfig config, Fleet fleet, NetworkModel network)
    {
        (_fleet, _network) = (fleet, network);
        (_bytesPerSecond, _fixedNs) = (config.Service.KvTransferBytesPerSecond, SimTime.Ns(config.Service.KvTransferSeconds));
        BytesPerBlock = BlockPool.BlockTokens * ModelShape.All.First(m => string.Equals(m.Name, config.Service.LlmModel, StringComparison.OrdinalIgnoreCase)).KvBytesPerToken;
        // In a fleet of one cell every node is near, and the kernel decides faster on a request that demands nothing.
        _within = [.. Enumerable.Range(0, fleet.Cells).Select(cell => fleet.Cells == 1 ? PlacementRule.Anywhere : PlacementRule.Anywhere with { Cells = [fleet.Identity[fleet.CellStart[cell]].CellId] })];
    }

    /// <summary>Bytes of one block, all layers.</summary>
    public int BytesPerBlock { get; }

    /// <summary>Demands a node near the one that has the blocks.</summary>
    public PlacementRule Near(int target) => _within[_fleet.Cell[target]];

    /// <summary>The link between two targets: within a cell the one that is configured, between cells no faster than the network and as far.</summary>
    public KvLink Link(int from, int to)
    {
        var (here, there) = (_fleet.Cell[from], _fleet.Cell[to]);
        var way = here == there ? 0 : SimTime.Ns(_network.RttSeconds(here, there, _fleet.Node[to]) / 2);
        var rate = here == there ? _bytesPerSecond : Math.Min(_bytesPerSecond, _network.BytesPerSecond(here, there));
        return new(_fixedNs + way, BytesPerBlock / rate * 1e9);
    }
}
