namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>The fleet while a plan is made: what is free changes with each step of it. Not thread-safe.</summary>
internal sealed class FleetDraft
{
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private readonly TrainingNode[] _nodes;
    private readonly IReadOnlySet<string> _lendable;

    private readonly IReadOnlyDictionary<string, TenantTerms> _tenants;

    public FleetDraft(SchedulerInput input)
    {
        _nodes = [.. input.Nodes];
        _lendable = input.Lendable;
        _tenants = input.Tenants;
        for (var i = 0; i < _nodes.Length; i++) _index[_nodes[i].Id] = i;
    }

    private FleetDraft(FleetDraft other)
    {
        _nodes = [.. other._nodes];
        (_index, _lendable, _tenants, Searches) = (other._index, other._lendable, other._tenants, 0);
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
        job.Avoid.Count == 0 && NodesOf(job) is null && (lent || _lendable.Count == 0) ? _nodes : Array.FindAll(_nodes, n => Allows(job, n.Id) && (lent || !_lendable.Contains(n.Id)));

    /// <summary>Whether a job may use a node, whoever has it now.</summary>
    public bool Allows(TrainingJob job, string node) => !job.Avoid.Contains(node) && (NodesOf(job)?.Contains(node) ?? true);

    /// <summary>The same for jobs that find a place or none alike.</summary>
    public string Shape(TrainingJob job) => NodesOf(job) is null ? job.Shape : $"{job.Shape}|{job.Tenant}";

    private IReadOnlySet<string>? NodesOf(TrainingJob job) => _tenants.GetValueOrDefault(job.Tenant)?.Nodes;

    /// <summary>The place of a job: on nodes of training where there is one, else on those that serving lends.</summary>
    public GangPlacement Place(TrainingJob job, Gang? gang = null)
    {
        Searches++;
        var own = job.Placer.Place(gang ?? job.Gang, For(job, lent: false));
        if (own.Failure == PlacementFailure.None || _lendable.Count == 0 || !job.Preemptible) return own;
        Searches++;
        return job.Placer.Place(gang ?? job.Gang, For(job, lent: true));
    }

    /// <summary>
    /// The place of a job that is about to start. Where its ring would share links that cannot carry it and those that are there, it goes elsewhere, if that is not farther apart than sharing is slow.
    /// </summary>
    public GangPlacement PlaceApart(TrainingJob job, Gang gang)
    {
        var first = Place(job, gang);
        if (first.Groups.Count < 2 || job.Step is not { GradientBytes: > 0 } step) return first;
        var slowdown = first.Groups.Max(g => _index.TryGetValue(g.Node, out var i) ? LinkShare.Slowdown(_nodes[i], step) : 1);
        if (slowdown <= 1) return first;
        Searches++;
        var elsewhere = job.Placer.Place(gang with { MinWorkers = first.Workers }, [.. For(job, lent: false).Where(n => LinkShare.Slowdown(n, step) <= 1)]);
        return elsewhere.Failure == PlacementFailure.None && elsewhere.RingCost < first.RingCost * slowdown ? elsewhere : first;
    }

    /// <summary>A job that starts uses links too.</summary>
    public void Use(TrainingJob job, IReadOnlyList<WorkerGroup> groups)
    {
        if (groups.Count < 2 || job.Step is not { GradientBytes: > 0 } step) return;
        foreach (var (id, _) in groups)
        {
            if (_index.TryGetValue(id, out var i) && _nodes[i].LinkBytesPerSecond is { } rate)
                _nodes[i] = _nodes[i] with { LinkClaimedBytesPerSecond = _nodes[i].LinkClaimedBytesPerSecond + LinkShare.Alone(step, rate) };
        }
    }

    public void Searched(FleetDraft copy) => Searches += copy.Searches;
}
