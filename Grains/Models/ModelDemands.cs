using InferMesh.Grains.Abstractions.Models;
using InferMesh.Strategies.Models;

namespace InferMesh.Grains.Models;

/// <summary>Registered models in the planner's terms.</summary>
internal static class ModelDemands
{
    /// <summary>A deletion unloads for so long; what a runtime still has afterwards is nobody's.</summary>
    public static readonly TimeSpan DeletionWindow = TimeSpan.FromMinutes(10);

    /// <summary>Whether anything is to be done for a model: it exists, or was deleted lately.</summary>
    public static bool IsOfInterest(MeshModel model, DateTimeOffset now) => !model.Deleted || now - model.ChangedAt < DeletionWindow;

    /// <param name="model">A model.</param>
    /// <param name="replicas">Replicas that should be there.</param>
    public static ModelDemand Of(MeshModel model, int replicas) => Of(model.Name, model.Spec, model.Deleted ? 0 : replicas) with
    {
        RetiredAdapters = model.Deleted ? [] : model.RetiredAdapters,
    };

    public static ModelDemand Of(string name, ModelSpec spec, int replicas) => new()
    {
        Name = name,
        Replicas = replicas,
        Revision = spec.Revision,
        Source = spec.Source,
        VramBytes = spec.VramBytes,
        KvHeadroom = spec.KvHeadroom,
        GpusPerReplica = spec.GpusPerReplica,
        Runtimes = spec.Runtimes,
        Nodes = spec.Nodes,
        Labels = spec.Labels,
        Spread = (ModelSpread)spec.AntiAffinity,
        MigProfile = spec.MigProfile,
        Adapters = spec.Adapters,
    };

    public static AutoscaleRule Rule(ModelAutoscale autoscale) => new(autoscale.MinReplicas, autoscale.MaxReplicas, autoscale.TargetLoad, autoscale.TtftSloMs / 1000);

    public static ModelCommand Command(PlannedAction action) => new()
    {
        Action = (ModelAction)action.Operation,
        Endpoint = action.Endpoint,
        Model = action.Model,
        Adapter = action.Adapter,
        Source = action.Source,
    };
}
