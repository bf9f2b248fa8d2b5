using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Routing;

/// <summary>What a decision needs to know of a request.</summary>
public sealed record RoutingRequest
{
    private int _promptTokens, _outputTokens;
    private long _payloadBytes;
    private ReadOnlyMemory<ulong> _prefix;
    private ulong _session;

    /// <summary>Model that the caller named.</summary>
    public required string Model { get; init; }

    /// <summary>Endpoint that the caller named instead of a model; "" when it named the model.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Caller's id of the request; "" when none.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Number of the request by which experiments assign single requests, drawn by whoever takes it in; 0 when none, and <see cref="RequestId"/> counts.</summary>
    public ulong Unit { get; init; }

    /// <summary>Tenant of the caller; "" when none.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>SLO class, such as <c>latency</c> or <c>throughput</c>; "" when none.</summary>
    public string SloClass { get; init; } = "";

    /// <summary>Prompt tokens, estimated or counted; 0 or more.</summary>
    public int PromptTokens { get => _promptTokens; init => _promptTokens = value; }

    /// <summary>Output tokens expected; 0 or more.</summary>
    public int OutputTokens { get => _outputTokens; init => _outputTokens = value; }

    /// <summary>Bytes that travel to the node; 0 or more.</summary>
    public long PayloadBytes { get => _payloadBytes; init => _payloadBytes = value; }

    /// <summary>Where the request enters the mesh.</summary>
    public Origin Origin { get; init; }

    /// <summary>Targets wanted, best first; 1 to <see cref="MaxTargetsLimit"/>.</summary>
    public int MaxTargets { get; init; } = 3;

    /// <summary>Nodes that must not be picked.</summary>
    public IReadOnlyList<string> ExcludedNodes { get; init; } = [];

    /// <summary>What the caller demands of a node.</summary>
    public PlacementRule Demand { get; init; } = PlacementRule.Anywhere;

    /// <summary>Chained hashes of the prompt's full blocks (<see cref="PrefixCache.BlockHash"/>); empty when unknown.</summary>
    public ReadOnlyMemory<ulong> Prefix { get => _prefix; init => _prefix = value; }

    /// <summary>Conversation that the request belongs to; "" when none.</summary>
    public string Session { get; init; } = "";

    /// <summary>The caller can wait in the mesh: admission keeps the queues of the targets short.</summary>
    public bool MayQueue { get; init; }

    /// <summary>It was routed before: its targets failed, or the rest of its work is another node's. Decisions do not read it; who counts requests counts it no more.</summary>
    public bool Again { get; init; }

    /// <summary>All that a decision reads of <see cref="Session"/>: a number of its name, the same in every process; 0 when there is none.</summary>
    public ulong SessionKey => Session.Length > 0 ? BlockHash.Name(Session) : _session;

    /// <summary>Makes it the next request of a replay: one object serves all requests that differ in nothing else.</summary>
    internal void Become(int promptTokens, int outputTokens, long payloadBytes, ulong session, ReadOnlyMemory<ulong> prefix) =>
        (_promptTokens, _outputTokens, _payloadBytes, _session, _prefix) = (promptTokens, outputTokens, payloadBytes, session, prefix);

    /// <summary>Most targets that one decision returns.</summary>
    public const int MaxTargetsLimit = 16;
}

/// <summary>Nodes that may serve; an empty list allows all.</summary>
/// <param name="Nodes">Allowed node ids.</param>
/// <param name="Cells">Allowed cells.</param>
/// <param name="Zones">Allowed zones.</param>
/// <param name="Regions">Allowed regions.</param>
/// <param name="Labels">Labels that a node must carry with exactly these values.</param>
public sealed record PlacementRule(
    IReadOnlyList<string> Nodes, IReadOnlyList<string> Cells, IReadOnlyList<string> Zones, IReadOnlyList<string> Regions,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Allows every node.</summary>
    public static PlacementRule Anywhere { get; } = new([], [], [], [], new Dictionary<string, string>());

    /// <summary>Whether the target may serve.</summary>
    public bool Allows(TargetIdentity target) => Allows(target.NodeId, target.CellId, target.Zone, target.Region, target.Labels);

    /// <summary>Whether a node may serve.</summary>
    public bool Allows(string node, string cell, string zone, string region, IReadOnlyDictionary<string, string> labels)
    {
        if (ReferenceEquals(this, Anywhere)) return true;
        return Contains(Nodes, node) && Contains(Cells, cell) && Contains(Zones, zone) && Contains(Regions, region) && (Labels.Count == 0 || Carries(labels));
    }

    private bool Carries(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (name, value) in Labels)
        {
            if (!labels.TryGetValue(name, out var carried) || carried != value) return false;
        }
        return true;
    }

    private static bool Contains(IReadOnlyList<string> allowed, string value)
    {
        if (allowed.Count == 0) return true;
        for (var i = 0; i < allowed.Count; i++)
        {
            if (allowed[i] == value) return true;
        }
        return false;
    }
}
