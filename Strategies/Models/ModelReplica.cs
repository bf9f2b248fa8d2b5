namespace InferMesh.Strategies.Models;

/// <summary>A model on a runtime of a node, loaded or on its way there.</summary>
internal readonly record struct ModelReplica(FleetNode Node, FleetRuntime Runtime, FleetModel Model)
{
    public bool Loading => Model is { Loading: true, Loaded: false };

    /// <summary>Loaded on a runtime that answers.</summary>
    public bool Ready => Model.Loaded && Runtime.Healthy;

    /// <summary>How it can be taken away; null when no agent can.</summary>
    public ModelOperation? Removal => Runtime.Can(ModelOperation.Unload) ? ModelOperation.Unload : Runtime.Can(ModelOperation.Sleep) ? ModelOperation.Sleep : null;

    /// <summary>Replicas of a model that are not being taken away, by node and runtime.</summary>
    public static IEnumerable<ModelReplica> All(ModelDemand demand, IEnumerable<FleetNode> fleet) =>
        from node in fleet
        from runtime in node.Runtimes
        from model in runtime.Models
        where model.Name == demand.Name && (model.Loaded || model.Loading) && !model.Unloading
        select new ModelReplica(node, runtime, model);

    /// <summary>Whether it may be where it is.</summary>
    public bool Allowed(ModelDemand demand) =>
        IsPinned(demand, Node) && HasLabels(demand, Node) && (demand.Runtimes.Count == 0 || demand.Runtimes.Contains(Runtime.Kind))
        && (demand.Revision.Length == 0 || Model.Revision.Length == 0 || Model.Revision == demand.Revision);

    public static bool IsPinned(ModelDemand demand, FleetNode node) => demand.Nodes.Count == 0 || demand.Nodes.Contains(node.Id);

    public static bool HasLabels(ModelDemand demand, FleetNode node) =>
        demand.Labels.All(label => node.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
}
