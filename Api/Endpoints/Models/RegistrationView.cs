using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Api.Endpoints.Models;

/// <summary>What is registered of a model and what is made of it. Its <c>spec</c> is what PUT takes.</summary>
internal sealed record RegistrationView
{
    /// <summary>Grows by one with each change; the ETag is this number in quotes.</summary>
    public long Version { get; init; }

    /// <summary>Content.</summary>
    public required ModelSpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    public required string ChangedBy { get; init; }

    /// <summary>Replicas that should be there.</summary>
    public int DesiredReplicas { get; init; }

    /// <summary>Replicas that are loaded where they may be.</summary>
    public int ReadyReplicas { get; init; }

    /// <summary>Replicas for which there is no place.</summary>
    public int UnplacedReplicas { get; init; }

    /// <summary>Why nodes took none of those: reason to number of nodes.</summary>
    public required IReadOnlyDictionary<string, int> UnplacedReasons { get; init; }

    /// <summary>State on each runtime that has it or should.</summary>
    public required IReadOnlyList<ReplicaStateView> States { get; init; }

    /// <summary>How long loading takes by GPU type, as far as loads have shown it; not in lists.</summary>
    public IReadOnlyList<ColdStartView>? ColdStarts { get; init; }

    /// <summary>What the number of replicas is decided by; absent when load does not decide it.</summary>
    public AutoscaleView? Autoscale { get; init; }

    /// <summary>When this was planned; absent when the version has not been planned yet.</summary>
    public DateTimeOffset? PlannedAt { get; init; }

    public static RegistrationView Of(MeshModel model, ModelStatus? status, IReadOnlyList<ColdStart>? coldStarts = null) => new()
    {
        Version = model.Version,
        Spec = model.Spec,
        ChangedAt = model.ChangedAt,
        ChangedBy = model.ChangedBy,
        DesiredReplicas = status?.DesiredReplicas ?? model.Spec.Replicas,
        ReadyReplicas = status?.ReadyReplicas ?? 0,
        UnplacedReplicas = status?.UnplacedReplicas ?? 0,
        UnplacedReasons = status?.Reasons ?? new Dictionary<string, int>(),
        States = [.. (status?.Replicas ?? []).Select(ReplicaStateView.Of)],
        ColdStarts = coldStarts is null ? null : [.. coldStarts.Select(c => new ColdStartView { Gpu = Views.Known(c.Gpu), Seconds = c.Seconds, Loads = c.Loads })],
        Autoscale = status?.Autoscale is { } signal ? new() { DesiredReplicas = signal.DesiredReplicas, Load = signal.Load, TtftP95Ms = signal.TtftP95Ms, LowSince = signal.LowSince } : null,
        PlannedAt = status?.PlannedAt,
    };
}

/// <summary>A model on a runtime.</summary>
internal sealed record ReplicaStateView
{
    /// <summary>Node.</summary>
    public required string Node { get; init; }

    /// <summary>Base URL of the runtime.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Kind of runtime.</summary>
    public required string Runtime { get; init; }

    /// <summary>State: available, loading, loaded, unloading, failed or warm.</summary>
    public ModelReplicaState State { get; init; }

    /// <summary>Why the last command failed; absent when none did.</summary>
    public string? Error { get; init; }

    public static ReplicaStateView Of(ModelReplicaStatus status) =>
        new() { Node = status.Node, Endpoint = status.Endpoint, Runtime = status.Runtime, State = status.State, Error = Views.Known(status.Error) };
}

/// <summary>How long loading takes on one type of GPU.</summary>
internal sealed record ColdStartView
{
    /// <summary>GPU type; absent when unknown.</summary>
    public string? Gpu { get; init; }

    /// <summary>Exponentially weighted mean, seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>Loads that it is from.</summary>
    public long Loads { get; init; }
}

/// <summary>What the number of replicas is decided by.</summary>
internal sealed record AutoscaleView
{
    /// <summary>Replicas that load asks for.</summary>
    public int DesiredReplicas { get; init; }

    /// <summary>Requests in and before the batches over their places; absent when unknown.</summary>
    public double? Load { get; init; }

    /// <summary>The worst replica's time to first token, 95th percentile, milliseconds; absent when unknown.</summary>
    public double? TtftP95Ms { get; init; }

    /// <summary>Since when fewer would do; absent when they would not.</summary>
    public DateTimeOffset? LowSince { get; init; }
}

/// <summary>What would be done.</summary>
internal sealed record ModelPlanView
{
    /// <summary>All that would be done to this and to other models.</summary>
    public required IReadOnlyList<PlannedActionView> Actions { get; init; }

    /// <summary>Replicas of the model for which there is no place.</summary>
    public int UnplacedReplicas { get; init; }

    /// <summary>Why nodes take none of those: reason to number of nodes.</summary>
    public required IReadOnlyDictionary<string, int> UnplacedReasons { get; init; }

    public static ModelPlanView Of(ModelPreview preview) => new()
    {
        Actions = [.. preview.Actions.Select(a => new PlannedActionView { Node = a.Node, Endpoint = a.Command.Endpoint, Action = a.Command.Action, Model = a.Command.Model, Adapter = Views.Known(a.Command.Adapter) })],
        UnplacedReplicas = preview.UnplacedReplicas,
        UnplacedReasons = preview.Reasons,
    };
}

/// <summary>One thing that would be done.</summary>
internal sealed record PlannedActionView
{
    /// <summary>Node.</summary>
    public required string Node { get; init; }

    /// <summary>Base URL of the runtime.</summary>
    public required string Endpoint { get; init; }

    /// <summary>What: load, unload, load_adapter, unload_adapter, sleep or wake.</summary>
    public ModelAction Action { get; init; }

    /// <summary>Model.</summary>
    public required string Model { get; init; }

    /// <summary>Adapter; absent when it is about the model.</summary>
    public string? Adapter { get; init; }
}
