using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Endpoints;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Topology;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// Builds the next table from the newest snapshot of each cell, the policies and the endpoints. Used by one thread. A node that is known again but
/// has no readings yet (its grain or its cell moved) keeps its last readings until its grain has waited long enough for new ones: moving house is not falling silent.
/// </summary>
internal sealed partial class RoutingTableBuilder(
    RoutingTableCache cache, PolicyStrategies strategies, ExperimentTableBuilder experiments, TimeProvider time, IOptionsMonitor<HealthSettings> limits, ILogger<RoutingTableBuilder> logger)
{
    private readonly Dictionary<string, CellSnapshot> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (CellSnapshot Snapshot, int Node)> _lastReadings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicyRule> _rules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicyRule> _endpointRules = new(StringComparer.Ordinal);
    private IReadOnlyList<Policy> _policies = [];
    private IReadOnlyList<MeshEndpoint> _endpoints = [];
    private Dictionary<string, PlacementRule>? _residency;
    private long _version;

    public void Take(CellSnapshot snapshot) => _cells[snapshot.CellId] = snapshot;

    public void Drop(string cellId) => _cells.Remove(cellId);

    public void Take(IReadOnlyList<Policy> policies) => _policies = policies;

    public void TakeEndpoints(IReadOnlyList<MeshEndpoint> endpoints) => _endpoints = endpoints;

    public void TakeExperiments(IReadOnlyList<MeshExperiment> serving) => experiments.Take(serving);

    /// <summary>Until it is called, nobody knows where the work of any tenant may run, and it runs nowhere.</summary>
    public void TakeTenants(IReadOnlyList<TenantPlacement> tenants) => _residency = tenants.ToDictionary(static t => t.Tenant, static t => PolicyCompiler.Placement(t.Placement), StringComparer.Ordinal);

    /// <summary>Strategies of the last table.</summary>
    public PolicyStrategies Strategies => strategies;

    public TableView Build(int routers)
    {
        var now = time.GetUtcNow();
        var rows = new Dictionary<string, List<TargetRow>>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int nodes = 0, ready = 0;
        foreach (var cell in _cells.Values)
        {
            var targets = TargetsByNode(cell);
            for (var i = 0; i < cell.Nodes.Registration.Length; i++)
            {
                var id = cell.Nodes.Registration[i].NodeId;
                // A node that moves between cells stands in both until the old one has forgotten it.
                if (!seen.Add(id)) continue;
                nodes++;
                var health = cell.Nodes.Health[i];
                if (cell.Nodes.SampledAtTicks[i] > 0) _lastReadings[id] = (cell, i);
                var (source, node) = Readings(cell, i, id, now, ref health);
                if (health == NodeHealth.Ready) ready++;
                AddRows(rows, source, ReferenceEquals(source, cell) ? targets : TargetsByNode(source), node, cell.Nodes.Registration[i], health, now);
            }
        }
        foreach (var gone in _lastReadings.Keys.Where(id => !seen.Contains(id)).ToArray()) _lastReadings.Remove(gone);
        var running = experiments.Build();
        var table = new RoutingTable(++_version, rows.Select(m => new TargetSet(m.Key, m.Value.DistinctBy(r => (r.Identity.NodeId, r.Identity.Endpoint))) { Routers = Math.Max(1, routers) }), Compile(routers, running));
        return new(table, nodes, ready) { Experiments = running };
    }

    private (CellSnapshot Snapshot, int Node) Readings(CellSnapshot cell, int i, string id, DateTimeOffset now, ref NodeHealth health)
    {
        if (cell.Nodes.SampledAtTicks[i] > 0 || !_lastReadings.TryGetValue(id, out var last)) return (cell, i);
        if (health == NodeHealth.Joining)
        {
            var sampledAt = new DateTimeOffset(last.Snapshot.Nodes.SampledAtTicks[last.Node], TimeSpan.Zero);
            health = HealthMachine.OfAge(now - sampledAt, limits.CurrentValue);
            // Its grain has not been there for long enough to call it silent, and says so itself in time.
            if (health == NodeHealth.Offline) health = NodeHealth.Suspect;
        }
        return last;
    }

    private static ILookup<int, int> TargetsByNode(CellSnapshot cell) => Enumerable.Range(0, cell.Targets.Node.Length).ToLookup(t => cell.Targets.Node[t]);

    private void AddRows(Dictionary<string, List<TargetRow>> rows, CellSnapshot source, ILookup<int, int> targets, int node, NodeRegistration registration, NodeHealth health, DateTimeOffset now)
    {
        var t = source.Targets;
        var (rack, place) = (registration.Rack, PlaceMapping.ToPlace(source.Nodes.Network.ElementAtOrDefault(node)));
        foreach (var i in targets[node])
        {
            // Not resident and not loadable: no candidate for this model at all.
            if (double.IsPositiveInfinity(t.ColdStartSeconds[i])) continue;
            var domain = registration.FailureDomain is { Length: > 0 } given ? given : registration.Zone is { Length: > 0 } zone ? zone : registration.NodeId;
            if (!rows.TryGetValue(t.Model[i], out var list)) rows[t.Model[i]] = list = [];
            var local = cache.Load(registration.NodeId, t.Endpoint[i], t.Model[i]);
            list.Add(new()
            {
                Identity = new(registration.NodeId, registration.CellId, registration.Zone, registration.Region, domain, t.Runtime[i], t.Endpoint[i], t.Gpu[i], registration.Synthetic, registration.Labels)
                {
                    GrpcEndpoint = t.GrpcEndpoint.ElementAtOrDefault(i) ?? "",
                    Rack = rack,
                },
                Local = local,
                Standing = Standing(health, t.Healthy[i], now.UtcTicks - local.AnsweredTicks < limits.CurrentValue.SuspectAfter.Ticks),
                Running = t.Running[i],
                Waiting = t.Waiting[i],
                KvCacheUsage = t.KvCacheUsage[i],
                MaxConcurrency = t.MaxConcurrency[i],
                PrefillTokensPerSecond = t.PrefillTokensPerSecond[i],
                DecodeTokensPerSecond = t.DecodeTokensPerSecond[i],
                MinSecondsPerToken = t.MinSecondsPerToken[i],
                RttSeconds = source.Nodes.RttMs[node] / 1000,
                Place = place,
                ColdStartSeconds = t.ColdStartSeconds[i],
                PricePerHour = t.PricePerHour[i],
                SampledAtTicks = source.Nodes.SampledAtTicks[node],
            });
        }
    }

    /// <summary>What is asked and answers is neither suspect nor offline, however long its readings are silent: the way of the readings may be what was lost.</summary>
    private static FilterReason Standing(NodeHealth health, bool healthy, bool answers) => health switch
    {
        NodeHealth.Joining => FilterReason.NodeJoining,
        NodeHealth.Offline when !answers => FilterReason.NodeOffline,
        NodeHealth.Cordoned => FilterReason.NodeCordoned,
        NodeHealth.Draining => FilterReason.NodeDraining,
        NodeHealth.Maintenance => FilterReason.NodeMaintenance,
        NodeHealth.Quarantined => FilterReason.NodeQuarantined,
        _ when !healthy => FilterReason.RuntimeUnhealthy,
        NodeHealth.Suspect when !answers => FilterReason.NodeSuspect,
        NodeHealth.Probing => FilterReason.NodeProbing,
        _ => FilterReason.None,
    };

    private PolicySet Compile(int routers, ExperimentTable running)
    {
        foreach (var gone in _rules.Keys.Except(_policies.Select(p => p.Name)).ToArray()) _rules.Remove(gone);
        foreach (var gone in _endpointRules.Keys.Except(_endpoints.Select(e => e.Name)).ToArray()) _endpointRules.Remove(gone);
        foreach (var policy in _policies)
            Compile(_rules, policy.Name, "Policy", policy.Version, () => PolicyCompiler.Compile(policy, Math.Max(1, routers), cache.Quota, strategies));
        foreach (var endpoint in _endpoints) Compile(_endpointRules, endpoint.Name, "Endpoint", endpoint.Version, () => EndpointCompiler.Compile(endpoint, strategies));
        strategies.Keep(_rules.Values.Concat(_endpointRules.Values).Select(r => r.Strategy).Concat(experiments.Strategies));
        return new(_rules.Values, _endpointRules.ToDictionary(), _residency);
    }

    private void Compile(Dictionary<string, PolicyRule> rules, string name, string kind, long version, Func<PolicyRule?> compile)
    {
        try
        {
            if (compile() is { } rule) rules[name] = rule;
            else rules.Remove(name);
        }
        catch (ArgumentException e)
        {
            // The last version that compiled stays in force.
            if (RoutingMetrics.CountOnce($"{kind} {name}", version)) NotCompiled(kind, name, version, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Kind} {Name} version {Version} does not compile, its last good version stays in force: {Reason}")]
    private partial void NotCompiled(string kind, string name, long version, string reason);
}
