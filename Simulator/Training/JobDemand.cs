using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Training;

/// <summary>What serving needs of its nodes, by the time of day. Drawn by seed alone.</summary>
internal sealed class JobDemand(JobsConfig config, JobFleet fleet, ulong seed)
{
    private readonly JobServingConfig _config = config.Serving;
    private readonly RandomStream _random = new(seed, 4_011);
    private readonly int[] _nodes = [.. Enumerable.Range(0, fleet.Nodes.Count).Where(i => fleet.UseOf(i) != NodeUse.Own)];

    public bool Exists => _nodes.Length > 0;

    /// <summary>Nodes that serving needs now.</summary>
    public int Needed { get; private set; }

    /// <summary>Ticks between two looks.</summary>
    public long Step => Ticks.Of(_config.StepS);

    public long Deadline => Ticks.Of(_config.DeadlineS);

    /// <summary>GPUs that serving needs and lacks at the moment because jobs have not left them yet.</summary>
    public long Unmet
    {
        get
        {
            var (serving, asked) = (0, 0);
            foreach (var node in _nodes)
            {
                if (fleet.IsDown(node)) continue;
                if (fleet.UseOf(node) == NodeUse.Serving) serving++;
                else if (fleet.UseOf(node) == NodeUse.AskedBack) asked++;
            }
            // What is lacking beyond that is lacking because nodes are down, which is no fault of training's.
            return (long)Math.Min(Math.Max(0, Needed - serving), asked) * config.Fleet.GpusPerNode;
        }
    }

    /// <summary>Looks at the demand, and takes or lends nodes; returns those that jobs must leave.</summary>
    public IReadOnlyList<int> Look(long now)
    {
        var phase = 2 * Math.PI * (Ticks.Seconds(now) - _config.PeakAtS) / _config.PeriodS;
        var share = _config.Low + ((_config.Peak - _config.Low) * (1 + Math.Cos(phase)) / 2) + (_config.Noise * _random.NextNormal());
        Needed = (int)Math.Clamp(Math.Ceiling(_nodes.Length * share), 0, _nodes.Length);
        var has = _nodes.Count(n => !fleet.IsDown(n) && fleet.UseOf(n) is NodeUse.Serving or NodeUse.AskedBack);
        var asked = new List<int>();
        // Nodes without jobs first: nobody has to leave them.
        foreach (var node in _nodes.Where(n => !fleet.IsDown(n) && fleet.UseOf(n) == NodeUse.Lent).OrderBy(fleet.HeldOn).Take(Math.Max(0, Needed - has)).ToArray())
        {
            fleet.SetUse(node, fleet.HeldOn(node) == 0 ? NodeUse.Serving : NodeUse.AskedBack);
            if (fleet.HeldOn(node) > 0) asked.Add(node);
        }
        foreach (var node in _nodes.Where(n => !fleet.IsDown(n) && fleet.UseOf(n) == NodeUse.Serving).Reverse().Take(Math.Max(0, has - Needed)).ToArray()) fleet.SetUse(node, NodeUse.Lent);
        return asked;
    }

    /// <summary>Nodes that the last job has left are serving's again.</summary>
    public void TakeBack()
    {
        foreach (var node in _nodes)
        {
            if (fleet.UseOf(node) == NodeUse.AskedBack && fleet.HeldOn(node) == 0) fleet.SetUse(node, NodeUse.Serving);
        }
    }
}
