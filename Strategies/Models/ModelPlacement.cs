namespace InferMesh.Strategies.Models;

/// <summary>Places the replicas of one model, beside what models before it have claimed.</summary>
internal sealed class ModelPlacement(ModelDemand demand, IReadOnlyList<FleetNode> fleet, IReadOnlyDictionary<string, MemoryLedger> memory, List<PlannedAction> actions)
{
    private readonly Dictionary<string, int> _domains = new(StringComparer.Ordinal);
    private readonly List<ModelReplica> _kept = [];
    private readonly List<ModelReplica> _surplus = [];
    private readonly HashSet<FleetRuntime> _placed = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<PlacementReason, int> _reasons = [];

    public ModelOutcome Run()
    {
        KeepWhatMayStay();
        var ready = _kept.Count(r => r.Ready);
        var coming = _kept.Count(r => r.Loading);
        var missing = demand.Replicas - _kept.Count;
        while (missing > 0 && Best() is { } place)
        {
            memory[place.Node.Id].Claim(demand);
            Occupy(place.Node);
            Add(place.Node, place.Runtime, LoadOperation(place.Runtime)!.Value, source: demand.Source);
            _placed.Add(place.Runtime);
            (missing, coming) = (missing - 1, coming + 1);
        }
        if (missing <= 0) _reasons.Clear();
        // What goes makes room only after what comes is there; without anything to come there is nothing to wait for.
        if (ready >= demand.Replicas || coming == 0) RemoveSurplus();
        foreach (var replica in _kept.Where(r => r.Ready)) Adapters(replica);
        return new(demand.Name, demand.Replicas, ready, coming, Math.Max(0, missing), _reasons);
    }

    private void KeepWhatMayStay()
    {
        // Ready ones first, and of these the ones that nobody could take away.
        var current = ModelReplica.All(demand, fleet).OrderByDescending(r => r.Ready).ThenBy(r => r.Removal is not null)
            .ThenBy(r => r.Node.Id, StringComparer.Ordinal).ThenBy(r => r.Runtime.Endpoint, StringComparer.Ordinal);
        foreach (var replica in current)
        {
            // A node that is away, or kept free by an operator, serves nothing, and has what it has when it comes back; a model that is gone is to go everywhere.
            if (!replica.Node.Counts && demand.Replicas > 0) continue;
            var may = replica.Allowed(demand) && _kept.Count < demand.Replicas && !IsOccupied(replica.Node);
            (may ? _kept : _surplus).Add(replica);
            if (may) Occupy(replica.Node);
        }
    }

    private void RemoveSurplus()
    {
        foreach (var replica in _surplus)
        {
            // Unloading what is still being loaded is for the next plan.
            if (replica is { Loading: false, Removal: { } operation } && replica.Runtime.Healthy) Add(replica.Node, replica.Runtime, operation);
        }
    }

    private void Adapters(ModelReplica replica)
    {
        var (node, runtime, model) = replica;
        foreach (var (adapter, source) in demand.Adapters.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            if (runtime.Can(ModelOperation.LoadAdapter) && !model.Adapters.Contains(adapter) && !runtime.Failing.Contains(adapter))
                Add(node, runtime, ModelOperation.LoadAdapter, adapter, source);
        }
        foreach (var adapter in demand.RetiredAdapters.Order(StringComparer.Ordinal))
        {
            if (runtime.Can(ModelOperation.UnloadAdapter) && model.Adapters.Contains(adapter) && !demand.Adapters.ContainsKey(adapter))
                Add(node, runtime, ModelOperation.UnloadAdapter, adapter);
        }
    }

    /// <summary>The place with the fewest replicas of the model around it, then with the most memory left: that is its KV cache.</summary>
    private (FleetNode Node, FleetRuntime Runtime)? Best()
    {
        _reasons.Clear();
        (FleetNode Node, FleetRuntime Runtime)? best = null;
        var (bestCrowd, bestLeft) = (int.MaxValue, long.MinValue);
        foreach (var node in fleet)
        {
            var reason = NodeReason(node);
            if (reason is null)
            {
                var closest = PlacementReason.NotControlled;
                var fits = false;
                foreach (var runtime in node.Runtimes)
                {
                    if (RuntimeReason(node, runtime, out var left) is { } no)
                    {
                        closest = no > closest ? no : closest;
                        continue; // Its reason is counted below when no runtime of the node does.
                    }
                    fits = true;
                    var crowd = _domains.GetValueOrDefault(Around(node));
                    if (crowd > bestCrowd || (crowd == bestCrowd && left <= bestLeft)) continue; // Not better than the best so far.
                    (best, bestCrowd, bestLeft) = ((node, runtime), crowd, left);
                }
                if (!fits) reason = closest;
            }
            if (reason is { } counted) _reasons[counted] = _reasons.GetValueOrDefault(counted) + 1;
        }
        return best;
    }

    private PlacementReason? NodeReason(FleetNode node) =>
        !ModelReplica.IsPinned(demand, node) ? PlacementReason.NotPinned
        : !ModelReplica.HasLabels(demand, node) ? PlacementReason.Labels
        : !node.Ready ? PlacementReason.NotReady
        : null;

    private PlacementReason? RuntimeReason(FleetNode node, FleetRuntime runtime, out long left)
    {
        left = 0;
        if (runtime.Operations is null) return PlacementReason.NotControlled;
        if (demand.Runtimes.Count > 0 && !demand.Runtimes.Contains(runtime.Kind)) return PlacementReason.RuntimeKind;
        if (LoadOperation(runtime) is null) return PlacementReason.CannotLoad;
        if (!runtime.Healthy && !IsAsleep(runtime)) return PlacementReason.RuntimeDown;
        if (IsOccupied(node)) return PlacementReason.Spread;
        if (_placed.Contains(runtime) || runtime.Models.Any(m => m.Name == demand.Name && (m.Loaded || m.Loading || m.Unloading))) return PlacementReason.Occupied;
        if (runtime.Failing.Contains(demand.Name)) return PlacementReason.Failing;
        return memory[node.Id].Fit(demand, out left);
    }

    /// <summary>How a runtime can get the model: where it cannot load, it may have it asleep.</summary>
    private ModelOperation? LoadOperation(FleetRuntime runtime) =>
        runtime.Can(ModelOperation.Load) ? ModelOperation.Load : runtime.Can(ModelOperation.Wake) && IsAsleep(runtime) ? ModelOperation.Wake : null;

    private bool IsAsleep(FleetRuntime runtime) => runtime.Can(ModelOperation.Wake) && runtime.Models.Any(m => m.Name == demand.Name && !m.Loaded);

    private bool IsOccupied(FleetNode node) => demand.Spread != ModelSpread.None && _domains.GetValueOrDefault(node.Domain(demand.Spread)) > 0;

    private string Around(FleetNode node) => node.Domain(demand.Spread == ModelSpread.None ? ModelSpread.FailureDomain : demand.Spread);

    private void Occupy(FleetNode node) => _domains[Around(node)] = _domains.GetValueOrDefault(Around(node)) + 1;

    private void Add(FleetNode node, FleetRuntime runtime, ModelOperation operation, string adapter = "", string source = "") =>
        actions.Add(new(node.Id, runtime.Endpoint, operation, demand.Name, adapter, source));
}
