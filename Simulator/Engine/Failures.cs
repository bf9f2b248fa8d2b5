using InferMesh.Simulator.Configuration;

namespace InferMesh.Simulator.Engine;

/// <summary>When nodes break and come back. All nodes together fail as one Poisson process, so one event waits, however many nodes there are.</summary>
internal sealed class Failures(SimConfig config, int nodes, EventQueue queue)
{
    private readonly RandomStream _random = new(config.Seed, Streams.Failures);
    private readonly HashSet<int> _down = [];

    public bool IsDown(int node) => _down.Count > 0 && _down.Contains(node);

    /// <summary>Schedules the next failure of any node.</summary>
    public void ScheduleNext(long nowNs)
    {
        if (config.Failures.MeanTimeBetweenS <= 0) return;
        var at = nowNs + _random.NextExponential(config.Failures.MeanTimeBetweenS / nodes) * 1e9;
        var node = Math.Min(nodes - 1, (int)(_random.NextUnit() * nodes));
        if (at < long.MaxValue / 2) queue.Add((long)at, EventKind.NodeFails, node);
    }

    /// <summary>Takes a node down and schedules its repair; false when it is down already.</summary>
    public bool Fail(int node, long nowNs)
    {
        ScheduleNext(nowNs);
        if (!_down.Add(node)) return false;
        queue.Add(nowNs + SimTime.Ns(_random.NextExponential(config.Failures.MeanRepairS)), EventKind.NodeRepaired, node);
        return true;
    }

    public void Repair(int node) => _down.Remove(node);
}
