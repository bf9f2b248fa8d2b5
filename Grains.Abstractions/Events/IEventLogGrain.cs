using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Events;

/// <summary>The cluster's events in order, resumable by cursor. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IEventLogGrain")]
public interface IEventLogGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "cluster";

    /// <summary>Appends an event; its id and time are set by the log.</summary>
    [AlwaysInterleave, Alias("Append")] Task Append(MeshEvent happened);

    /// <summary>Events after a cursor, oldest first; waits up to <paramref name="wait"/> for the first.</summary>
    /// <param name="cursor">Id of the last event seen; 0 for all that are kept, negative for those to come.</param>
    /// <param name="max">Most events to return, 1 to 1000.</param>
    /// <param name="wait">How long to wait; below the response timeout.</param>
    [AlwaysInterleave, Alias("ReadAfter")] Task<EventPage> ReadAfter(long cursor, int max, TimeSpan wait);
}

/// <summary>Types of events.</summary>
public static class EventTypes
{
    /// <summary>A node registered.</summary>
    public const string NodeJoined = "NODE_JOINED";

    /// <summary>A node was removed.</summary>
    public const string NodeLeft = "NODE_LEFT";

    /// <summary>The health of a node changed.</summary>
    public const string NodeHealthChanged = "NODE_HEALTH_CHANGED";

    /// <summary>A drain finished.</summary>
    public const string NodeDrained = "NODE_DRAINED";

    /// <summary>A node began to serve a model.</summary>
    public const string ModelLoaded = "MODEL_LOADED";

    /// <summary>A node no longer serves a model.</summary>
    public const string ModelUnloaded = "MODEL_UNLOADED";

    /// <summary>A model was registered.</summary>
    public const string ModelRegistered = "MODEL_REGISTERED";

    /// <summary>A registered model was changed.</summary>
    public const string ModelChanged = "MODEL_CHANGED";

    /// <summary>A registered model was deleted.</summary>
    public const string ModelRemoved = "MODEL_REMOVED";

    /// <summary>A node did what the mesh asked of one of its runtimes.</summary>
    public const string ModelCommandDone = "MODEL_COMMAND_DONE";

    /// <summary>A node could not do what the mesh asked of one of its runtimes.</summary>
    public const string ModelCommandFailed = "MODEL_COMMAND_FAILED";

    /// <summary>A policy was created.</summary>
    public const string PolicyCreated = "POLICY_CREATED";

    /// <summary>A policy was changed.</summary>
    public const string PolicyUpdated = "POLICY_UPDATED";

    /// <summary>A policy was deleted.</summary>
    public const string PolicyDeleted = "POLICY_DELETED";

    /// <summary>An endpoint was created.</summary>
    public const string EndpointCreated = "ENDPOINT_CREATED";

    /// <summary>An endpoint was changed.</summary>
    public const string EndpointUpdated = "ENDPOINT_UPDATED";

    /// <summary>An endpoint was deleted.</summary>
    public const string EndpointDeleted = "ENDPOINT_DELETED";

    /// <summary>A tenant was created.</summary>
    public const string TenantCreated = "TENANT_CREATED";

    /// <summary>A tenant's limits were changed.</summary>
    public const string TenantUpdated = "TENANT_UPDATED";

    /// <summary>A tenant was deleted.</summary>
    public const string TenantDeleted = "TENANT_DELETED";

    /// <summary>A training job was submitted.</summary>
    public const string JobSubmitted = "JOB_SUBMITTED";

    /// <summary>The state of a training job changed.</summary>
    public const string JobStateChanged = "JOB_STATE_CHANGED";

    /// <summary>A training job was given a place.</summary>
    public const string JobPlaced = "JOB_PLACED";
}

/// <summary>Something that happened.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.MeshEvent")]
public sealed record MeshEvent
{
    /// <summary>Position in the log, from 1.</summary>
    [Id(0)] public long Id { get; init; }

    /// <summary>Type, one of <see cref="EventTypes"/>.</summary>
    [Id(1)] public required string Type { get; init; }

    /// <summary>When it happened.</summary>
    [Id(2)] public DateTimeOffset At { get; init; }

    /// <summary>What it is about: node id, model, job id, policy, endpoint or tenant name.</summary>
    [Id(3)] public required string Subject { get; init; }

    /// <summary>Who caused it; "" when nobody in particular.</summary>
    [Id(4)] public string Actor { get; init; } = "";

    /// <summary>Details, such as <c>from</c> and <c>to</c>.</summary>
    [Id(5)] public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();
}

/// <summary>Events of one read.</summary>
/// <param name="Events">Events, oldest first.</param>
/// <param name="Cursor">Where to go on.</param>
/// <param name="Truncated">Events between the caller's cursor and the first one here are no longer kept.</param>
[GenerateSerializer, Immutable, Alias("infermesh.EventPage")]
public sealed record EventPage([property: Id(0)] IReadOnlyList<MeshEvent> Events, [property: Id(1)] long Cursor, [property: Id(2)] bool Truncated);
