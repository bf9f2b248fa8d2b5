using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Events;

/// <summary>The cluster's events in order, resumable by cursor. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IEventLogGrain")]
public interface IEventLogGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "cluster";

    /// <summary>Appends an event; its id is set by the log, and its time where it has none. Durable when it returns; a caller that repeats it appends it again.</summary>
    [AlwaysInterleave, Alias("Append")] Task Append(MeshEvent happened);

    /// <summary>Appends those events of a source that the log does not have yet, in their order. Durable when it returns; may be repeated.</summary>
    /// <param name="source">Who sends them: the grain whose change they tell of.</param>
    /// <param name="events">Events by rising sequence. One whose sequence is not above the last one of the source is there already.</param>
    [AlwaysInterleave, Alias("Deliver")] Task Deliver(string source, IReadOnlyList<SourcedEvent> events);

    /// <summary>Makes sure that the log is there: it asks the sources that have written down that they have something to deliver.</summary>
    [AlwaysInterleave, Alias("Wake")] Task Wake();

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

    /// <summary>What a node registered was changed, or what an operator wants of it, without a change of its health.</summary>
    public const string NodeChanged = "NODE_CHANGED";

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

    /// <summary>A version of a strategy plugin was pushed.</summary>
    public const string PluginPushed = "PLUGIN_PUSHED";

    /// <summary>A version of a strategy plugin serves.</summary>
    public const string PluginEnabled = "PLUGIN_ENABLED";

    /// <summary>No version of a strategy plugin serves any more.</summary>
    public const string PluginDisabled = "PLUGIN_DISABLED";

    /// <summary>The version of a strategy plugin serves again that did before.</summary>
    public const string PluginRolledBack = "PLUGIN_ROLLED_BACK";

    /// <summary>A strategy plugin was removed, or a version of it.</summary>
    public const string PluginRemoved = "PLUGIN_REMOVED";

    /// <summary>An experiment began.</summary>
    public const string ExperimentStarted = "EXPERIMENT_STARTED";

    /// <summary>The state of an experiment changed, or one of its arms was stopped: by the outcomes or by hand.</summary>
    public const string ExperimentChanged = "EXPERIMENT_CHANGED";

    /// <summary>The figures of an experiment cannot be trusted.</summary>
    public const string ExperimentWarned = "EXPERIMENT_WARNED";

    /// <summary>An experiment was deleted.</summary>
    public const string ExperimentDeleted = "EXPERIMENT_DELETED";

    /// <summary>A training job was submitted.</summary>
    public const string JobSubmitted = "JOB_SUBMITTED";

    /// <summary>The state of a training job changed.</summary>
    public const string JobStateChanged = "JOB_STATE_CHANGED";

    /// <summary>A training job was changed, or something happened to it, without a change of its state.</summary>
    public const string JobChanged = "JOB_CHANGED";

    /// <summary>A training job was given a place.</summary>
    public const string JobPlaced = "JOB_PLACED";

    /// <summary>An API key was made.</summary>
    public const string KeyCreated = "KEY_CREATED";

    /// <summary>An API key has a new secret.</summary>
    public const string KeyRotated = "KEY_ROTATED";

    /// <summary>An API key was ended.</summary>
    public const string KeyRevoked = "KEY_REVOKED";

    /// <summary>A call that changes the mesh, whatever became of it.</summary>
    public const string AuditCall = "AUDIT_CALL";

    /// <summary>A call that was denied; equal ones of a minute are one event with their number.</summary>
    public const string AuditDenied = "AUDIT_DENIED";
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

    /// <summary>What it is about: node id, model, job id, policy, endpoint, plugin, experiment or tenant name, prefix of a key.</summary>
    [Id(3)] public required string Subject { get; init; }

    /// <summary>Who caused it; "" when nobody in particular.</summary>
    [Id(4)] public string Actor { get; init; } = "";

    /// <summary>Details, such as <c>from</c> and <c>to</c>.</summary>
    [Id(5)] public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();

    /// <summary>Tenant whose event it is; "" when it is the mesh's own, which members of no tenant see.</summary>
    [Id(6)] public string Tenant { get; init; } = "";

    /// <summary>Why; "" when nobody said.</summary>
    [Id(7)] public string Reason { get; init; } = "";

    /// <summary>Version of the subject before; 0 when there was none, or it has none.</summary>
    [Id(8)] public long VersionBefore { get; init; }

    /// <summary>Version of the subject after; 0 when there is none any more, or it has none.</summary>
    [Id(9)] public long VersionAfter { get; init; }
}

/// <summary>An event as its source numbers it.</summary>
/// <param name="Sequence">Grows with each event of the source.</param>
/// <param name="Event">The event.</param>
[GenerateSerializer, Immutable, Alias("infermesh.SourcedEvent")]
public sealed record SourcedEvent([property: Id(0)] long Sequence, [property: Id(1)] MeshEvent Event);

/// <summary>Events of one read.</summary>
/// <param name="Events">Events, oldest first.</param>
/// <param name="Cursor">Where to go on.</param>
/// <param name="Truncated">Events between the caller's cursor and the first one here are no longer kept.</param>
[GenerateSerializer, Immutable, Alias("infermesh.EventPage")]
public sealed record EventPage([property: Id(0)] IReadOnlyList<MeshEvent> Events, [property: Id(1)] long Cursor, [property: Id(2)] bool Truncated);
