using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Strategies.Models;

namespace InferMesh.Grains.Models;

/// <inheritdoc cref="IModelPlannerGrain"/>
/// <remarks>
/// Nothing is stored: models come from their index, loaded models from readings, commands from the nodes, which tell of themselves within one long poll of their agents. A plan
/// that fails leaves everything as it is, and the next one is two seconds later.
/// </remarks>
[GrainType("model-planner"), KeepAlive]
internal sealed partial class ModelPlannerGrain(TimeProvider time, ServingCapacity capacity, ILogger<ModelPlannerGrain> logger) : Grain, IModelPlannerGrain
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private const int ReadParallelism = 32;

    /// <summary>Longer than agents wait in one poll: by then every node has told what is under way there, and nothing is begun twice.</summary>
    private static readonly TimeSpan Introduction = TimeSpan.FromSeconds(7);

    private readonly MeshFleetBuilder _fleets = new();
    private readonly Dictionary<string, (NodeModels State, DateTimeOffset At)> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AutoscaleState> _autoscale = new(StringComparer.Ordinal);
    private IReadOnlyList<ModelStatus> _statuses = [];
    private DateTimeOffset _begin;
    private bool _planning;
    private bool _again;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _begin = time.GetUtcNow() + Introduction;
        this.RegisterGrainTimer(_ => PlanAsync(), new GrainTimerCreationOptions(Period, Period) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        ModelMetrics.Planned([]);
        return Task.CompletedTask;
    }

    public Task Announce(NodeModels node)
    {
        _nodes[node.NodeId] = (node, time.GetUtcNow());
        return Task.CompletedTask;
    }

    public Task Wake()
    {
        // Not awaited: who wrote a model does not wait for what becomes of it.
        _ = PlanAsync();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ModelStatus>> Status(string model) =>
        Task.FromResult<IReadOnlyList<ModelStatus>>(model.Length == 0 ? _statuses : [.. _statuses.Where(s => s.Name == model)]);

    public async Task<ModelPreview> DryRun(string model, ModelSpec spec)
    {
        var (models, fleet, _) = await ReadAsync(withFleet: true);
        var changed = ModelDemands.Of(model, spec, Replicas(model, spec, fleet!, keep: false)) with { RetiredAdapters = Retired(models.FirstOrDefault(m => m.Name == model), spec) };
        var plan = ModelPlanner.Plan([.. Demands(models.Where(m => m.Name != model), fleet!, keep: false), changed], fleet!.Nodes);
        var outcome = plan.Models.First(m => m.Name == model);
        return new([.. plan.Actions.Select(a => new PreviewedAction(a.Node, ModelDemands.Command(a)))], outcome.Unplaced, ModelStatuses.Reasons(outcome));
    }

    private async Task PlanAsync()
    {
        // One at a time: the plan that runs may have read what has changed since, so another follows.
        if (_planning)
        {
            _again = true;
            return;
        }
        _planning = true;
        try
        {
            do
            {
                _again = false;
                await PlanOnceAsync();
            }
            while (_again);
        }
        catch (Exception e)
        {
            NotPlanned(e.Message);
        }
        finally
        {
            _planning = false;
        }
    }

    private async Task PlanOnceAsync()
    {
        var (models, fleet, readings) = await ReadAsync(withFleet: false);
        foreach (var gone in _autoscale.Keys.Except(models.Where(m => m is { Deleted: false, Spec.Autoscale: not null }).Select(m => m.Name)).ToArray()) _autoscale.Remove(gone);
        if (fleet is null || readings is null)
        {
            Publish([], models);
            return;
        }
        var shares = await capacity.ReadAsync(readings.Cells);
        ModelDemand[] demands = [.. Demands(models, fleet, keep: true)];
        var plan = ModelPlanner.Plan(demands, ServingCapacity.Without(fleet, shares).Nodes);
        var begun = time.GetUtcNow() >= _begin;
        var actions = begun ? await capacity.ClaimAsync(plan.Actions, readings.Controlled) : [];
        if (begun && shares.Lent.Count > 0 && plan.Models.Any(static m => m.Unplaced > 0)) await capacity.ReclaimAsync(demands, fleet, shares);
        if (begun) await capacity.RenewAsync(readings, shares);
        if (begun && shares.Claimed.Count > 0) await capacity.ReleaseAsync(readings, shares, actions);
        foreach (var node in actions.GroupBy(a => a.Node, StringComparer.Ordinal))
        {
            var state = await GrainFactory.GetGrain<INodeModelsGrain>(node.Key).Assign([.. node.Select(ModelDemands.Command)]);
            // Does not make the node look alive: only its agent does that.
            if (_nodes.TryGetValue(node.Key, out var known)) _nodes[node.Key] = (state, known.At);
        }
        var existing = models.Where(m => !m.Deleted).Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
        var commands = Commands();
        Publish([.. plan.Models.Where(m => existing.Contains(m.Name)).Select(m => ModelStatuses.Of(m, fleet, commands, _autoscale.GetValueOrDefault(m.Name), time.GetUtcNow()))], models);
    }

    private void Publish(IReadOnlyList<ModelStatus> statuses, IReadOnlyList<MeshModel> models)
    {
        _statuses = statuses;
        ModelMetrics.Planned(statuses, models);
    }

    private IEnumerable<ModelDemand> Demands(IEnumerable<MeshModel> models, MeshFleet fleet, bool keep) =>
        models.Select(m => ModelDemands.Of(m, m.Deleted ? 0 : Replicas(m.Name, m.Spec, fleet, keep)));

    /// <summary>Replicas that a model should have now.</summary>
    /// <param name="model">Name.</param>
    /// <param name="spec">Content.</param>
    /// <param name="fleet">Fleet.</param>
    /// <param name="keep">Whether what load asks for is remembered.</param>
    private int Replicas(string model, ModelSpec spec, MeshFleet fleet, bool keep)
    {
        if (spec.Autoscale is not { } autoscale) return spec.Replicas;
        var rule = ModelDemands.Rule(autoscale);
        List<ReplicaLoad> loads = fleet.Loads.GetValueOrDefault(model) ?? [];
        // After a restart what is there is what was wanted: nothing is taken away for want of memory.
        var state = Autoscaler.Next(rule, _autoscale.GetValueOrDefault(model) ?? AutoscaleState.Begin(rule, Math.Max(spec.Replicas, loads.Count)), loads, time.GetUtcNow());
        if (keep) _autoscale[model] = state;
        return state.Desired;
    }

    private static string[] Retired(MeshModel? current, ModelSpec spec) =>
        current is null or { Deleted: true } ? [] : [.. current.Spec.Adapters.Keys.Union(current.RetiredAdapters).Except(spec.Adapters.Keys)];

    private async Task<(IReadOnlyList<MeshModel> Models, MeshFleet? Fleet, FleetReadings? Readings)> ReadAsync(bool withFleet)
    {
        var listed = (await GrainFactory.GetGrain<IModelIndexGrain>(IModelIndexGrain.Key).List()).Models;
        MeshModel[] models = [.. listed.Where(m => ModelDemands.IsOfInterest(m, time.GetUtcNow()))];
        if (models.Length == 0 && !withFleet) return (models, null, null);

        var cells = await ReadAllAsync((await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).List()).Names, cell => GrainFactory.GetGrain<ICellSummaryGrain>(cell).Snapshot());
        foreach (var silent in _nodes.Where(n => time.GetUtcNow() - n.Value.At > NodeModelsGrain.AgentLimit).Select(n => n.Key).ToArray()) _nodes.Remove(silent);
        var views = await ReadAllAsync([.. _nodes.Where(n => n.Value.State.Runtimes.Count > 0).Select(n => n.Key)], node => GrainFactory.GetGrain<INodeGrain>(node).Get());
        var commands = Commands();
        var readings = new FleetReadings(cells, [.. views.OfType<NodeView>().Where(v => commands.ContainsKey(v.Registration.NodeId))], commands);
        return (models, _fleets.Build(readings, time.GetUtcNow()), readings);
    }

    private Dictionary<string, NodeModels> Commands() => _nodes.ToDictionary(n => n.Key, n => n.Value.State, StringComparer.Ordinal);

    private static async Task<T[]> ReadAllAsync<T>(IReadOnlyList<string> names, Func<string, Task<T>> read)
    {
        var found = new T[names.Count];
        await Parallel.ForAsync(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = ReadParallelism, TaskScheduler = TaskScheduler.Current }, async (i, _) => found[i] = await read(names[i]));
        return found;
    }

    [LoggerMessage(LogLevel.Warning, "Models are not planned now, what is loaded stays: {Reason}")]
    private partial void NotPlanned(string reason);
}
