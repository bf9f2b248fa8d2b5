using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Grains.Abstractions.Routing;

/// <summary>Ranks targets. A stateless worker: any key reaches a router of the silo that takes the call; spread keys to spread load.</summary>
[Alias("infermesh.IRouterGrain")]
public interface IRouterGrain : IGrainWithIntegerKey
{
    /// <summary>Decides, and reserves one place on the first target until <see cref="Report"/> settles it or its lease ends.</summary>
    [Alias("Route")] ValueTask<RouteDecision> Route(RouteQuery query);

    /// <summary>
    /// Decides as soon as there is room and it is the query's turn, for one that <see cref="Route"/> found all targets full for. Waits a second at most: overloaded without a
    /// <see cref="RouteDecision.Refusal"/> means to ask again with <see cref="RouteQuery.Waited"/>, which keeps the turn.
    /// </summary>
    [Alias("RouteQueued")] ValueTask<RouteDecision> RouteQueued(RouteQuery query, CancellationToken cancellationToken);

    /// <summary>The same decision with a full explanation and without a reservation.</summary>
    [Alias("DryRun")] ValueTask<RouteDecision> DryRun(RouteQuery query);

    /// <summary>What each query is answered now, and what it would be if a policy had another content: dry runs both, on one table, without who was ruled out.</summary>
    /// <param name="queries">Queries; prompts' blocks may be left out.</param>
    /// <param name="policy">The policy as it would be, checked; the one of the same name does not count beside it. Its strategy has learned nothing.</param>
    [Alias("TryPolicy")] ValueTask<RouteTrial[]> TryPolicy(RouteQuery[] queries, Policy policy);

    /// <summary>What each query is answered now, and what it would be if a version of a plugin ranked: dry runs both, as <see cref="TryPolicy"/> makes them. The version need not be enabled.</summary>
    /// <param name="queries">Queries; prompts' blocks may be left out.</param>
    /// <param name="digest">Digest of the version.</param>
    /// <param name="routing">Parameters and fallback.</param>
    [Alias("TryPlugin"), ResponseTimeout(PluginTimeouts.Call)] ValueTask<PluginTrial> TryPlugin(RouteQuery[] queries, string digest, RoutingSpec routing);

    /// <summary>Settles a reservation: true when it was open. A reservation of a silo that is gone counts as settled.</summary>
    [Alias("Report")] ValueTask<bool> Report(RouteOutcome outcome);

    /// <summary>Reports outcomes and decides queries, each as <see cref="Report"/> and <see cref="Route"/> do, in one message. The decisions do not wait for outcomes that belong to other silos.</summary>
    [Alias("RouteBatch")] ValueTask<RouteDecision[]> RouteBatch(RouteQuery[] queries, RouteOutcome[] outcomes);

    /// <summary>Moves an open reservation to another node of its decision, after a failed attempt: true when it was open.</summary>
    [Alias("Move")] ValueTask<bool> Move(string reservationId, string nodeId);

    /// <summary>
    /// Reserves a second place, on the node that gets a copy of the request; true when the reservation was open. <see cref="Move"/> to either node then says which one answers, and gives
    /// the place on the other back.
    /// </summary>
    [Alias("Hedge")] ValueTask<bool> Hedge(string reservationId, string nodeId);

    /// <summary>Begins the leases of reservations anew, because their requests still run. Those that are not open any more are left out.</summary>
    [Alias("Renew")] ValueTask Renew(string[] reservationIds);

    /// <summary>Which of these nodes cannot answer for the model any more: offline, gone, or the runtime does not respond. A node that is drained still can.</summary>
    [Alias("LostNodes")] ValueTask<IReadOnlyList<string>> LostNodes(string model, IReadOnlyList<string> nodeIds);

    /// <summary>What the silo that takes the call knows.</summary>
    [Alias("Status")] ValueTask<RouterStatus> Status();
}

/// <summary>State of one silo's routing table.</summary>
/// <param name="Silo">Silo.</param>
/// <param name="TableVersion">Version of its table; 0 before the first.</param>
/// <param name="Models">Models in it.</param>
/// <param name="Nodes">Nodes in it, whatever their health.</param>
/// <param name="ReadyNodes">Nodes that take work.</param>
/// <param name="Policies">Policies in force.</param>
/// <param name="OpenReservations">Requests in flight through this silo.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RouterStatus")]
public sealed record RouterStatus(
    [property: Id(0)] string Silo, [property: Id(1)] long TableVersion, [property: Id(2)] int Models, [property: Id(3)] int Nodes,
    [property: Id(4)] int ReadyNodes, [property: Id(5)] int Policies, [property: Id(6)] int OpenReservations);

/// <summary>A request to be routed.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.RouteQuery")]
public sealed record RouteQuery
{
    /// <summary>Model.</summary>
    [Id(0)] public required string Model { get; init; }

    /// <summary>Caller's id of the request; "" when none. Equal ids break ties equally.</summary>
    [Id(1)] public string RequestId { get; init; } = "";

    /// <summary>Tenant; "" when none.</summary>
    [Id(2)] public string Tenant { get; init; } = "";

    /// <summary>SLO class; "" when none.</summary>
    [Id(3)] public string SloClass { get; init; } = "";

    /// <summary>Prompt tokens, 0 or more.</summary>
    [Id(4)] public int PromptTokens { get; init; }

    /// <summary>Expected output tokens, 0 or more; 0 means unknown.</summary>
    [Id(5)] public int OutputTokens { get; init; }

    /// <summary>Bytes to send, 0 or more.</summary>
    [Id(6)] public long PayloadBytes { get; init; }

    /// <summary>Zone where the request enters; "" when unknown.</summary>
    [Id(7)] public string OriginZone { get; init; } = "";

    /// <summary>Region where the request enters; "" when unknown.</summary>
    [Id(8)] public string OriginRegion { get; init; } = "";

    /// <summary>Targets wanted, 1 to 16.</summary>
    [Id(9)] public int MaxTargets { get; init; } = 3;

    /// <summary>Nodes that must not be picked.</summary>
    [Id(10)] public IReadOnlyList<string> ExcludedNodes { get; init; } = [];

    /// <summary>Cells that may serve; empty allows all.</summary>
    [Id(11)] public IReadOnlyList<string> Cells { get; init; } = [];

    /// <summary>Zones that may serve; empty allows all.</summary>
    [Id(12)] public IReadOnlyList<string> Zones { get; init; } = [];

    /// <summary>Labels that a node must carry.</summary>
    [Id(13)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Strategy to try instead of the policy's; "" for the policy's. Dry runs only.</summary>
    [Id(14)] public string Strategy { get; init; } = "";

    /// <summary>Chained hashes of the blocks of the prompt, at most 2,048; empty when unknown. Wanted where <see cref="RouteDecision.PrefixWanted"/> said so for the model.</summary>
    [Id(15)] public ulong[] Prefix { get; init; } = [];

    /// <summary>The caller can wait when all targets are full: see <see cref="IRouterGrain.RouteQueued"/>. Targets then get no long queues of their own.</summary>
    [Id(16)] public bool MayQueue { get; init; }

    /// <summary>How long it has waited already.</summary>
    [Id(17)] public TimeSpan Waited { get; init; }

    /// <summary>Conversation that it belongs to; "" when none. Requests of one are kept together as long as that costs little.</summary>
    [Id(18)] public string Session { get; init; } = "";

    /// <summary>Endpoint by which the request came, whose strategy and hedging apply; "" when it named the model itself.</summary>
    [Id(20)] public string Endpoint { get; init; } = "";

    /// <summary>Nodes that may serve; empty allows all.</summary>
    [Id(21)] public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Regions that may serve; empty allows all.</summary>
    [Id(22)] public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>API by which the request came, whose round trips and coordinate count where it is in <see cref="OriginZone"/> and <see cref="OriginRegion"/>; null when another place asks.</summary>
    [Id(23)] public ApiPlace? Api { get; init; }

    /// <summary>Headers of the request, by lower-case name, at most 8; wanted where <see cref="RouteDecision.HeadersWanted"/> said so for the model; null for none.</summary>
    [Id(25)] public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Span of the caller, as a W3C traceparent, where it is traced: queries travel together, and the span of the message is only one's. "" when it is not.</summary>
    [Id(24)] public string TraceParent { get; init; } = "";

    /// <summary>Number that the API drew for the request and keeps over all its decisions, by which experiments assign single requests: a client that chose it would choose its arm. 0 for none, and <see cref="RequestId"/> counts.</summary>
    [Id(26)] public ulong Unit { get; init; }

    /// <summary>In what form the answer comes: which of its times there are to be compared.</summary>
    [Id(27)] public AnswerForm Answer { get; init; }
}

/// <summary>Why a query may not wait (any longer).</summary>
[GenerateSerializer, Alias("infermesh.RouteRefusal")]
public enum RouteRefusal : byte
{
    /// <summary>It may, or does not want to.</summary>
    None = 0,

    /// <summary>The queue is full of others that go first.</summary>
    QueueFull,

    /// <summary>Its turn is not expected to come in time.</summary>
    QueueDeadline,

    /// <summary>It has waited as long as it may.</summary>
    QueueTimeout,
}

/// <summary>What became of a query.</summary>
[GenerateSerializer, Alias("infermesh.RouteStatus")]
public enum RouteStatus : byte
{
    /// <summary>There are targets.</summary>
    Routed = 0,

    /// <summary>No node serves the model.</summary>
    ModelUnknown,

    /// <summary>Health, placement or the caller's demands rule all nodes out.</summary>
    NoEligibleTarget,

    /// <summary>All eligible nodes are full.</summary>
    Overloaded,

    /// <summary>A quota is used up.</summary>
    QuotaExceeded,

    /// <summary>A security policy forbids it.</summary>
    Forbidden,

    /// <summary>A field is wrong; see the errors.</summary>
    Invalid,
}

/// <summary>The answer, with its reasons.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.RouteDecision")]
public sealed record RouteDecision
{
    /// <summary>What became of it.</summary>
    [Id(0)] public RouteStatus Status { get; init; }

    /// <summary>Id of the decision and, when one was made, of the reservation.</summary>
    [Id(1)] public string DecisionId { get; init; } = "";

    /// <summary>Targets, best first.</summary>
    [Id(2)] public IReadOnlyList<RouteTarget> Targets { get; init; } = [];

    /// <summary>Second attempt; null when there is none.</summary>
    [Id(3)] public RouteHedge? Hedge { get; init; }

    /// <summary>Why there is no hedge: <c>disabled</c> (neither policy nor strategy asks for one), <c>no_second_target</c>, <c>same_failure_domain</c>, <c>saturated</c>; "" when there is one.</summary>
    [Id(4)] public string HedgeSuppressed { get; init; } = "";

    /// <summary>When to come back after a refusal for load.</summary>
    [Id(5)] public TimeSpan RetryAfter { get; init; }

    /// <summary>Strategy that ranked.</summary>
    [Id(6)] public string Strategy { get; init; } = "";

    /// <summary>Version of the silo's routing table.</summary>
    [Id(7)] public long TableVersion { get; init; }

    /// <summary>Policies behind it, as <c>name@version</c>.</summary>
    [Id(8)] public IReadOnlyList<string> Policies { get; init; } = [];

    /// <summary>Targets of the model.</summary>
    [Id(9)] public int Considered { get; init; }

    /// <summary>Targets left after filtering.</summary>
    [Id(10)] public int Eligible { get; init; }

    /// <summary>Who was ruled out and why: in a dry run, and when nobody was left.</summary>
    [Id(11)] public IReadOnlyList<RouteExclusion> Excluded { get; init; } = [];

    /// <summary>What is wrong with the query.</summary>
    [Id(12)] public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>Silo that decided.</summary>
    [Id(13)] public string Silo { get; init; } = "";

    /// <summary>A policy may rank requests for this model by the start of their prompts: send <see cref="RouteQuery.Prefix"/> with the next ones.</summary>
    [Id(14)] public bool PrefixWanted { get; init; }

    /// <summary>When overloaded: how long the query may wait in all; zero when it may not.</summary>
    [Id(15)] public TimeSpan MaxQueueWait { get; init; }

    /// <summary>When overloaded: why it may not wait (any longer).</summary>
    [Id(16)] public RouteRefusal Refusal { get; init; }

    /// <summary>Experiment that the request takes part in; "" when none.</summary>
    [Id(17)] public string Experiment { get; init; } = "";

    /// <summary>Arm of the experiment, whose strategy ranked; "" when none.</summary>
    [Id(18)] public string Arm { get; init; } = "";

    /// <summary>Headers by whose values experiments may split requests for this model: send them with the next ones (<see cref="RouteQuery.Headers"/>).</summary>
    [Id(19)] public IReadOnlyList<string> HeadersWanted { get; init; } = [];
}

/// <summary>One ranked target; times in seconds.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.RouteTarget")]
public sealed record RouteTarget
{
    /// <summary>Node.</summary>
    [Id(0)] public required string NodeId { get; init; }

    /// <summary>Cell.</summary>
    [Id(1)] public string CellId { get; init; } = "";

    /// <summary>Zone.</summary>
    [Id(2)] public string Zone { get; init; } = "";

    /// <summary>Runtime kind.</summary>
    [Id(3)] public string Runtime { get; init; } = "";

    /// <summary>Base URL of the runtime.</summary>
    [Id(4)] public string Endpoint { get; init; } = "";

    /// <summary>GPU type.</summary>
    [Id(5)] public string Gpu { get; init; } = "";

    /// <summary>True for a simulated node.</summary>
    [Id(6)] public bool Synthetic { get; init; }

    /// <summary>The strategy's number; lower is better.</summary>
    [Id(7)] public double Score { get; init; }

    /// <summary>Expected seconds, term by term.</summary>
    [Id(8)] public RouteCost Cost { get; init; } = new(0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Requests there now, in-flight dispatches included.</summary>
    [Id(9)] public double Load { get; init; }

    /// <summary>Load over batch size; above 1 requests wait.</summary>
    [Id(10)] public double LoadFactor { get; init; }

    /// <summary>Age of the reading; null when there is none.</summary>
    [Id(11)] public double? SignalAgeSeconds { get; init; }

    /// <summary>Base URL of the runtime's gRPC calls; "" when unknown.</summary>
    [Id(12)] public string GrpcEndpoint { get; init; } = "";
}

/// <summary>Expected time of a request on a target.</summary>
/// <param name="Queue">Wait for a place in the batch.</param>
/// <param name="Prefill">Prompt processing.</param>
/// <param name="Decode">Generation.</param>
/// <param name="Network">Round trip and transfer.</param>
/// <param name="ColdStart">Loading the model.</param>
/// <param name="Money">GPU time at the exchange rate of the policy.</param>
/// <param name="Uncertainty">What an old reading costs.</param>
/// <param name="Total">Sum of all.</param>
/// <param name="Balance">What the request costs others and an even spread of load.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RouteCost")]
public sealed record RouteCost(
    [property: Id(0)] double Queue, [property: Id(1)] double Prefill, [property: Id(2)] double Decode, [property: Id(3)] double Network,
    [property: Id(4)] double ColdStart, [property: Id(5)] double Money, [property: Id(6)] double Uncertainty, [property: Id(7)] double Total, [property: Id(8)] double Balance = 0);

/// <summary>A planned second attempt.</summary>
/// <param name="NodeId">Node, in another failure domain than the first target.</param>
/// <param name="Delay">Time without a first byte after which it is sent.</param>
/// <param name="BudgetShare">Most second attempts as a share of requests, 0..1; whoever sends them keeps the count.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RouteHedge")]
public sealed record RouteHedge([property: Id(0)] string NodeId, [property: Id(1)] TimeSpan Delay, [property: Id(2)] double BudgetShare = 0.05);

/// <summary>A target that was ruled out.</summary>
/// <param name="NodeId">Node.</param>
/// <param name="Endpoint">Runtime.</param>
/// <param name="Reason">Why, such as <c>node_cordoned</c>.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RouteExclusion")]
public sealed record RouteExclusion([property: Id(0)] string NodeId, [property: Id(1)] string Endpoint, [property: Id(2)] string Reason);

/// <summary>How a routed request ended.</summary>
[GenerateSerializer, Alias("infermesh.OutcomeStatus")]
public enum OutcomeStatus : byte
{
    /// <summary>Answered.</summary>
    Success = 0,

    /// <summary>Ran out of time.</summary>
    Timeout,

    /// <summary>Failed.</summary>
    Error,

    /// <summary>Refused by the node. With a time to the first token the node answered, and the request itself was wrong: that says nothing of the node.</summary>
    Rejected,

    /// <summary>The client went away.</summary>
    Cancelled,
}

/// <summary>
/// Outcome of a routed request: settles its reservation. Strategies that learn compare its times with what they expected, so they are those of the last attempt, from
/// sending the request to the node on; what is not known is left out and teaches nothing.
/// </summary>
[GenerateSerializer, Immutable, Alias("infermesh.RouteOutcome")]
public sealed record RouteOutcome
{
    /// <summary>Id that the decision carried.</summary>
    [Id(0)] public required string DecisionId { get; init; }

    /// <summary>How it ended.</summary>
    [Id(1)] public OutcomeStatus Status { get; init; }

    /// <summary>Node that answered; "" when none did.</summary>
    [Id(2)] public string NodeId { get; init; } = "";

    /// <summary>Milliseconds to the first token; null when unknown, as for an answer that comes in one piece.</summary>
    [Id(3)] public double? TtftMs { get; init; }

    /// <summary>Milliseconds to the last token; null when unknown.</summary>
    [Id(4)] public double? LatencyMs { get; init; }

    /// <summary>Prompt tokens; null when unknown.</summary>
    [Id(5)] public int? PromptTokens { get; init; }

    /// <summary>Output tokens; null when unknown.</summary>
    [Id(6)] public int? OutputTokens { get; init; }

    /// <summary>Tenant whose caller says so: it ends reservations of its own only, and puts no node that others use under suspicion. Null for whoever may speak for all, as the ingress.</summary>
    [Id(7)] public string? Tenant { get; init; }
}
