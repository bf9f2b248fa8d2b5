using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Grains.Models;

/// <summary>What registered models have and should have; told by the silo that plans, of commands by the silos of their nodes.</summary>
internal static class ModelMetrics
{
    private static readonly Meter Meter = new("InferMesh.Models");
    private static readonly ConcurrentDictionary<string, ModelStatus> Models = new(StringComparer.Ordinal);
    private static IReadOnlyCollection<MeshModel> s_registered = [];

    private static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("infermesh.model.command_failures", "{command}", "Commands to runtimes that failed, by action.");

    private static readonly Histogram<double> LoadDuration = Meter.CreateHistogram<double>("infermesh.model.load.duration", "s", "Time that runtimes took to load a model.");

    static ModelMetrics()
    {
        Meter.CreateObservableGauge("infermesh.model.info", Describe, "{model}", "1 for each registered model, with what it is as labels.");
        Meter.CreateObservableGauge("infermesh.model.desired_replicas", () => Measure(m => m.DesiredReplicas), "{replica}", "Replicas of each registered model that should be there.");
        Meter.CreateObservableGauge("infermesh.model.ready_replicas", () => Measure(m => m.ReadyReplicas), "{replica}", "Replicas of each registered model that are loaded where they may be.");
    }

    /// <summary>Takes what the planner makes of all models; nothing when it ends.</summary>
    public static void Planned(IReadOnlyCollection<ModelStatus> statuses, params IReadOnlyCollection<MeshModel> registered)
    {
        Volatile.Write(ref s_registered, registered);
        foreach (var status in statuses) Models[status.Name] = status;
        foreach (var gone in Models.Keys.Except(statuses.Select(s => s.Name)).ToArray()) Models.TryRemove(gone, out _);
    }

    public static void Failed(ModelAction action) => Failures.Add(1, new KeyValuePair<string, object?>("action", action.ToString()));

    public static void Loaded(string model, double seconds) => LoadDuration.Record(seconds, new KeyValuePair<string, object?>("model", model));

    private static IEnumerable<Measurement<int>> Measure(Func<ModelStatus, int> value) =>
        Models.Values.Select(m => new Measurement<int>(value(m), new KeyValuePair<string, object?>("model", m.Name)));

    private static IEnumerable<Measurement<int>> Describe() => Volatile.Read(ref s_registered).Where(static m => !m.Deleted)
        .Select(static m => new Measurement<int>(1, new("model", m.Name), new("revision", m.Spec.Revision), new("quant", m.Spec.Quantization)));
}
