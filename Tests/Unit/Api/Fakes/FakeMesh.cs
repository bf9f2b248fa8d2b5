using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Security;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>The grains that the API calls, as plain objects with the same contracts.</summary>
internal sealed class FakeMesh
{
    private readonly ConcurrentDictionary<string, FakeNode> _nodes = new();
    private readonly ConcurrentDictionary<string, FakePolicy> _policies = new();
    private int _calls;

    public FakeMesh() => Client = FakeCluster.Of(Grain);

    public IClusterClient Client { get; }

    public SortedDictionary<string, CellSnapshot> Cells { get; } = new(StringComparer.Ordinal);

    public FakeRouter Router { get; } = new();

    public FakeEventLog Events { get; } = new();

    public FakeTenants Tenants { get; } = new();

    public FakeEndpoints Endpoints { get; } = new();

    public FakeModels Models { get; } = new();

    public FakeJobs Jobs { get; } = new();

    public FakePlugins Plugins { get; } = new();

    public FakeExperiments Experiments { get; } = new();

    public FakeTopology Topology { get; } = new();

    public FakeKeyRing Keys { get; } = new();

    /// <summary>What grains store, for backups.</summary>
    public ConcurrentDictionary<GrainId, FakeImage> Images { get; } = new();

    /// <summary>Thrown by the next calls, one each.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>Grains that were asked for.</summary>
    public int Calls => _calls;

    public IEnumerable<FakePolicy> Policies => _policies.Values;

    public FakeNode Node(string id) => _nodes.GetOrAdd(id, key => new FakeNode(key));

    public FakePolicy Policy(string name) => _policies.GetOrAdd(name, key => new FakePolicy(key));

    private IEnumerable<string> Names(string directory) => directory switch
    {
        DirectoryKeys.Cells => Cells.Keys,
        DirectoryKeys.Policies => _policies.Keys,
        DirectoryKeys.Endpoints => Endpoints.Names,
        DirectoryKeys.Models => Models.Names,
        DirectoryKeys.Experiments => Experiments.Names,
        _ => _nodes.Values.Select(n => n.View?.Registration).OfType<NodeRegistration>().Where(n => directory == DirectoryKeys.NodesOf(n.CellId)).Select(n => n.NodeId),
    };

    private object Grain(Type type, object key)
    {
        // Followed in the background, whatever a test does.
        if (type == typeof(IEndpointIndexGrain)) return Endpoints;
        if (type == typeof(ITopologyGrain)) return Topology;
        if (type == typeof(IKeyRingGrain)) return Keys;
        // The audit writes when it comes to it.
        if (type != typeof(IEventLogGrain)) Interlocked.Increment(ref _calls);
        if (Failures.TryDequeue(out var failure)) throw failure;
        if (type == typeof(INodeGrain)) return Node((string)key);
        if (type == typeof(IEndpointGrain)) return Endpoints.Endpoint((string)key);
        if (type == typeof(IPolicyGrain)) return Policy((string)key);
        if (type == typeof(IPolicyIndexGrain)) return new FakePolicyIndex(this);
        if (type == typeof(ITenantGrain)) return Tenants.Tenant((string)key);
        if (type == typeof(ITenantGateGrain)) return Tenants.Gate;
        if (type == typeof(IDirectoryGrain) && (string)key == DirectoryKeys.Tenants) return Tenants.Directory;
        if (type == typeof(IDirectoryGrain)) return new FakeDirectory([.. Names((string)key).Order(StringComparer.Ordinal)]);
        if (type == typeof(IBackedUpGrain)) return Images.GetOrAdd((GrainId)key, id => new FakeImage(id));
        if (type == typeof(ICellSummaryGrain)) return new FakeCell(Cells[(string)key]);
        if (type == typeof(IModelGrain)) return Models.Model((string)key);
        if (type == typeof(IModelIndexGrain) || type == typeof(IModelPlannerGrain)) return Models;
        if (type == typeof(IJobGrain)) return Jobs.Job((string)key);
        if (type == typeof(IJobIndexGrain) || type == typeof(IJobSchedulerGrain)) return Jobs;
        if (type == typeof(IPluginGrain)) return Plugins.Plugin((string)key);
        if (type == typeof(IShadowGrain)) return new FakeShadows();
        if (type == typeof(IPluginIndexGrain) || type == typeof(IPluginGateGrain)) return Plugins;
        if (type == typeof(IExperimentGrain)) return Experiments.Experiment((string)key);
        if (type == typeof(IExperimentIndexGrain)) return Experiments;
        if (type == typeof(IRouterGrain)) return Router;
        if (type == typeof(IEventLogGrain)) return Events;
        throw new NotSupportedException(type.Name);
    }
}

internal sealed class FakeTopology : ITopologyGrain
{
    private readonly ConcurrentDictionary<string, ApiPlace> _apis = new();

    /// <summary>What the next call fails with.</summary>
    public Exception? Failure { get; set; }

    public Task Announce(ApiPlace api)
    {
        if (Failure is { } failure)
        {
            Failure = null;
            return Task.FromException(failure);
        }
        _apis[api.Name] = api;
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ApiPlace>> List() => Task.FromResult<IReadOnlyList<ApiPlace>>([.. _apis.Values.OrderBy(a => a.Name, StringComparer.Ordinal)]);
}

internal sealed class FakeDirectory(IReadOnlyList<string> names) : IDirectoryGrain
{
    public Task<bool> Add(string name) => throw new NotSupportedException();

    public Task<bool> Remove(string name) => throw new NotSupportedException();

    public Task<DirectoryListing> List() => Task.FromResult(new DirectoryListing(1, names));

    public Task<DirectoryListing?> WaitForChange(long version, TimeSpan wait) => throw new NotSupportedException();
}

internal sealed class FakeCell(CellSnapshot snapshot) : ICellSummaryGrain
{
    public Task Report(NodeSummary summary) => throw new NotSupportedException();

    public Task Forget(string nodeId) => throw new NotSupportedException();

    public Task<CellSnapshot?> WaitForNewer(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();

    public Task<CellSnapshot> Snapshot() => Task.FromResult(snapshot);
}

internal sealed class FakeRouter : IRouterGrain
{
    public RouteDecision Decision { get; set; } = new() { Status = RouteStatus.Routed, DecisionId = "d-1" };

    public RouteQuery? LastQuery { get; private set; }

    public HashSet<string> Open { get; } = ["d-1"];

    public ValueTask<RouteDecision> Route(RouteQuery query) => Answer(query);

    public ValueTask<RouteDecision> RouteQueued(RouteQuery query, CancellationToken cancellationToken) => Answer(query);

    public ValueTask<RouteDecision> DryRun(RouteQuery query) => Answer(query);

    /// <summary>What the decision would be under the policy that is tried.</summary>
    public Func<RouteQuery, Policy, RouteDecision>? OnTry { get; set; }

    public ValueTask<RouteTrial[]> TryPolicy(RouteQuery[] queries, Policy policy) =>
        ValueTask.FromResult(Array.ConvertAll(queries, q => new RouteTrial(Decision, OnTry?.Invoke(q, policy) ?? Decision)));

    /// <summary>What a plugin would decide, by its digest.</summary>
    public Func<RouteQuery, string, RouteDecision>? OnTryPlugin { get; set; }

    public ValueTask<PluginTrial> TryPlugin(RouteQuery[] queries, string digest, RoutingSpec routing) => routing.Fallback == "busy" ? throw new TimeoutException("The silo is busy.") : ValueTask.FromResult(routing.Parameters.Count > 0
        ? new PluginTrial { Errors = [new("parameters.x", "is unknown.")] }
        : new PluginTrial
        {
            Trials = Array.ConvertAll(queries, q => new RouteTrial(Decision, OnTryPlugin?.Invoke(q, digest) ?? Decision)),
            Calls = queries.Length,
            Failures = new Dictionary<string, long> { ["timeout"] = 1 },
            SecondsNow = 10e-6,
            SecondsThen = 20e-6,
        });

    public RouteOutcome? LastOutcome { get; private set; }

    public ValueTask<bool> Report(RouteOutcome outcome)
    {
        LastOutcome = outcome;
        return ValueTask.FromResult(Open.Remove(outcome.DecisionId));
    }

    public async ValueTask<RouteDecision[]> RouteBatch(RouteQuery[] queries, RouteOutcome[] outcomes)
    {
        foreach (var outcome in outcomes) await Report(outcome);
        var decisions = new List<RouteDecision>();
        foreach (var query in queries) decisions.Add(await Route(query));
        return [.. decisions];
    }

    public ValueTask<bool> Move(string reservationId, string nodeId) => throw new NotSupportedException();

    public ValueTask<bool> Hedge(string reservationId, string nodeId) => throw new NotSupportedException();

    public ValueTask Renew(string[] reservationIds) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<string>> LostNodes(string model, IReadOnlyList<string> nodeIds) => ValueTask.FromResult<IReadOnlyList<string>>([]);

    public ValueTask<RouterStatus> Status() => ValueTask.FromResult(new RouterStatus("S1", 1, 0, 0, 0, 0, 0));

    private ValueTask<RouteDecision> Answer(RouteQuery query)
    {
        LastQuery = query;
        return ValueTask.FromResult(Decision);
    }
}
