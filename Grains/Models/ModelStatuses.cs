using InferMesh.Grains.Abstractions.Models;
using InferMesh.Strategies.Models;

namespace InferMesh.Grains.Models;

/// <summary>What is made of models, as it is shown.</summary>
internal static class ModelStatuses
{
    public static ModelStatus Of(ModelOutcome outcome, MeshFleet fleet, IReadOnlyDictionary<string, NodeModels> commands, AutoscaleState? autoscale, DateTimeOffset now) => new()
    {
        Name = outcome.Name,
        DesiredReplicas = outcome.Desired,
        ReadyReplicas = outcome.Ready,
        UnplacedReplicas = outcome.Unplaced,
        Reasons = Reasons(outcome),
        Replicas = [.. Replicas(outcome.Name, fleet, commands).OrderBy(r => r.Node, StringComparer.Ordinal).ThenBy(r => r.Endpoint, StringComparer.Ordinal)],
        Autoscale = autoscale is null ? null : new(autoscale.Desired, Known(autoscale.Load), Known(autoscale.TtftP95Seconds * 1000), autoscale.LowSince),
        PlannedAt = now,
    };

    public static IReadOnlyDictionary<string, int> Reasons(ModelOutcome outcome) =>
        outcome.Reasons.ToDictionary(r => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(r.Key.ToString()), r => r.Value);

    private static IEnumerable<ModelReplicaStatus> Replicas(string name, MeshFleet fleet, IReadOnlyDictionary<string, NodeModels> commands)
    {
        foreach (var node in fleet.Nodes)
        {
            var failures = commands.GetValueOrDefault(node.Id)?.Failures.Where(f => f.Command.Model == name).ToArray() ?? [];
            foreach (var runtime in node.Runtimes)
            {
                var failure = failures.FirstOrDefault(f => f.Command.Endpoint == runtime.Endpoint);
                var model = runtime.Models.FirstOrDefault(m => m.Name == name);
                if (model is null && failure is null) continue; // It has nothing to do with the model.
                yield return new(node.Id, runtime.Endpoint, runtime.Kind, State(runtime, model, failure), failure?.Error ?? "");
            }
        }
    }

    private static ModelReplicaState State(FleetRuntime runtime, FleetModel? model, CommandFailure? failure) => model switch
    {
        { Unloading: true } => ModelReplicaState.Unloading,
        { Loaded: true } when runtime.Healthy => ModelReplicaState.Loaded,
        { Loading: true } => ModelReplicaState.Loading,
        _ when failure is not null || !runtime.Healthy => ModelReplicaState.Failed,
        _ when runtime.Operations?.Contains(ModelOperation.Wake) ?? false => ModelReplicaState.Warm,
        _ => ModelReplicaState.Available,
    };

    private static double? Known(double value) => double.IsFinite(value) ? value : null;
}
