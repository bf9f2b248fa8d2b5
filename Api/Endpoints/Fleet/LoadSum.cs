using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Adds up nodes and targets. Not thread-safe.</summary>
internal sealed class LoadSum(string name)
{
    private readonly HashSet<string> _nodes = new(StringComparer.Ordinal);
    private int _gpus;
    private int _measuredGpus;
    private double _utilization;
    private double _temperature = double.NaN;
    private double _power = double.NaN;
    private long _vramUsed;
    private long _vramTotal;
    private int _targets;
    private int _readyTargets;
    private double _running;
    private double _waiting;
    private double _places;
    private double _tokens;
    private double _ttft = double.NaN;
    private bool _real;

    /// <summary>Adds a node with its GPUs.</summary>
    public LoadSum Node(CellSnapshot cell, int node)
    {
        var gpus = cell.Nodes.Gpus[node];
        Count(cell, node);
        _gpus += gpus.Count;
        _vramUsed += gpus.VramUsedBytes;
        _vramTotal += gpus.VramTotalBytes;
        if (gpus.SmUtilization is { } utilization && double.IsFinite(utilization))
        {
            _utilization += utilization * gpus.Count;
            _measuredGpus += gpus.Count;
        }

        if (gpus.MaxTemperatureCelsius is { } temperature && double.IsFinite(temperature)) _temperature = double.IsNaN(_temperature) ? temperature : Math.Max(_temperature, temperature);
        if (gpus.PowerWatts is { } power && double.IsFinite(power)) _power = double.IsNaN(_power) ? power : _power + power;
        return this;
    }

    /// <summary>Adds a model on a runtime.</summary>
    public void Target(CellSnapshot cell, int target)
    {
        var t = cell.Targets;
        Count(cell, t.Node[target]);
        _targets++;
        if (double.IsFinite(t.Running[target])) _running += t.Running[target];
        if (double.IsFinite(t.Waiting[target])) _waiting += t.Waiting[target];
        if (!t.Healthy[target] || !t.Loaded[target]) return; // It has no places now.
        _readyTargets++;
        if (double.IsFinite(t.MaxConcurrency[target])) _places += t.MaxConcurrency[target];
        if (double.IsFinite(t.GenerationTokensPerSecond[target])) _tokens += t.GenerationTokensPerSecond[target];
        if (double.IsFinite(t.TtftP95Seconds[target])) _ttft = double.IsNaN(_ttft) ? t.TtftP95Seconds[target] : Math.Max(_ttft, t.TtftP95Seconds[target]);
    }

    public LoadView ToView(string? cell = null, NodeHealth? health = null) => new()
    {
        Name = name,
        Cell = cell,
        Health = health,
        Nodes = _nodes.Count,
        Gpus = _gpus,
        VramUsedBytes = _vramUsed,
        VramTotalBytes = _vramTotal,
        SmUtilization = _measuredGpus > 0 ? _utilization / _measuredGpus : null,
        MaxTemperatureCelsius = Views.Known(_temperature),
        PowerWatts = Views.Known(_power),
        ReadyTargets = _readyTargets,
        Targets = _targets,
        Running = _running,
        Waiting = _waiting,
        MaxConcurrency = _places,
        Load = _places > 0 ? (_running + _waiting) / _places : null,
        GenerationTokensPerSecond = _tokens,
        TtftP95Seconds = Views.Known(_ttft),
        Synthetic = _nodes.Count > 0 && !_real,
    };

    private void Count(CellSnapshot cell, int node)
    {
        var registration = cell.Nodes.Registration[node];
        if (_nodes.Add(registration.NodeId)) _real |= !registration.Synthetic;
    }
}
