namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>The fleet while a plan is made: what is free changes with each step of it. Not thread-safe.</summary>
internal sealed class FleetDraft
{
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private readonly TrainingNode[] _nodes;
    private readonly IReadOnlySet<string> _lendable;

    public FleetDraft(IReadOnlyList<TrainingNode> nodes, IReadOnlySet<string> lendable)
    {
        _nodes = [.. nodes];
        _lendable = lendable;
        for (var i = 0; i < _nodes.Length; i++) _index[_nodes[i].Id] = i;
    }

    private FleetDraft(FleetDraft other)
    {
        _nodes = [.. other._nodes];
        (_index, _lendable, Searches) = (other._index, other._lendable, 0);
    }

    /// <summary>Placements that were looked for.</summary>
    public int Searches { get; private set; }

    public IReadOnlyList<TrainingNode> Nodes => _nodes;

    public FleetDraft Copy() => new(this);

    /// <summary>Takes or, with a negative number of GPUs, gives back. What is on nodes that take no work is not counted.</summary>
    public void Hold(IReadOnlyList<WorkerGroup> groups, int gpusPerWorker)
    {
        foreach (var (id, workers) in groups)
        {
            if (_index.TryGetValue(id, out var i)) _nodes[i] = _nodes[i] with { FreeGpus = _nodes[i].FreeGpus - (gpusPerWorker * workers) };
        }
    }

    /// <summary>Type of a node's GPUs; "" when the node is not known.</summary>
    public string GpuType(string node) => _index.TryGetValue(node, out var i) ? _nodes[i].GpuType : "";

    /// <summary>Takes, when so much is free; false and nothing else when not.</summary>
    public bool TryHold(IReadOnlyList<WorkerGroup> groups, int gpusPerWorker)
    {
        if (groups.Any(g => g.Workers > 0 && (!_index.TryGetValue(g.Node, out var i) || _nodes[i].FreeGpus < gpusPerWorker * g.Workers))) return false;
        Hold(groups, gpusPerWorker);
        return true;
    }

    /// <summary>Nodes that a job may use.</summary>
    public IReadOnlyList<TrainingNode> For(TrainingJob job, bool lent) =>
        job.Avoid.Count == 0 && (lent || _lendable.Count == 0) ? _nodes : Array.FindAll(_nodes, n => !job.Avoid.Contains(n.Id) && (lent || !_lendable.Contains(n.Id)));

    /// <summary>The place of a job: on nodes of training where there is one, else on those that serving lends.</summary>
    public GangPlacement Place(TrainingJob job, Gang? gang = null)
    {
        Searches++;
        var own = job.Placer.Place(gang ?? job.Gang, For(job, lent: false));
        if (own.Failure == PlacementFailure.None || _lendable.Count == 0 || !job.Preemptible) return own;
        Searches++;
        return job.Placer.Place(gang ?? job.Gang, For(job, lent: true));
    }

    public void Searched(FleetDraft copy) => Searches += copy.Searches;
}
