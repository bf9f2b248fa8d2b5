using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine;

/// <summary>Targets on which the model is not resident yet. The first request that gets there starts the load; all wait for it.</summary>
internal sealed class ColdTargets
{
    private const long NotLoading = long.MaxValue;

    private readonly Dictionary<int, (long ReadyNs, int Waiting)> _cold = [];
    private readonly double _loadSeconds;

    public ColdTargets(SimConfig config, Fleet fleet)
    {
        _loadSeconds = config.Topology.ColdStartS;
        if (config.Topology.ColdShare <= 0) return;
        for (var target = 0; target < fleet.Count; target++)
        {
            if (Streams.Unit(config.Seed, Streams.Cold, target) < config.Topology.ColdShare) _cold[target] = (NotLoading, 0);
        }
    }

    /// <summary>Requests that wait for the load.</summary>
    public int Waiting(int target) => _cold.Count > 0 && _cold.TryGetValue(target, out var c) ? c.Waiting : 0;

    /// <summary>Seconds until the target serves, as it says itself; all of the load when none has begun.</summary>
    public double Seconds(int target, long nowNs) =>
        _cold.Count == 0 || !_cold.TryGetValue(target, out var c) ? 0 : c.ReadyNs == NotLoading ? _loadSeconds : Math.Max(0, c.ReadyNs - nowNs) / 1e9;

    /// <summary>When a request that got there can be given to the engine: now, or after the load, for which it then waits.</summary>
    public long ReadyNs(int target, long nowNs)
    {
        if (_cold.Count == 0 || !_cold.TryGetValue(target, out var c)) return nowNs;
        if (c.ReadyNs == NotLoading) c.ReadyNs = nowNs + SimTime.Ns(_loadSeconds);
        if (c.ReadyNs <= nowNs)
        {
            _cold.Remove(target);
            return nowNs;
        }
        _cold[target] = (c.ReadyNs, c.Waiting + 1);
        return c.ReadyNs;
    }
}
