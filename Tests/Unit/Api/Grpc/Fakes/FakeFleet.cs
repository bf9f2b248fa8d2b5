using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>Nodes and their cells: what is put into <see cref="Nodes"/> is what all reading calls see.</summary>
internal sealed class FakeFleet
{
    private readonly ConcurrentDictionary<string, FakeNodeModels> _control = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, NodeView> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>Nodes that have moved on, which the snapshots of their old cells still show.</summary>
    public ConcurrentBag<NodeView> Left { get; } = [];

    /// <summary>Registered models.</summary>
    public FakeModels Models { get; } = new();

    /// <summary>What agents control on a node.</summary>
    public FakeNodeModels ModelsOf(string node) => _control.GetOrAdd(node, id => new FakeNodeModels(id));

    public static NodeView Node(string id, string cell = "c1", NodeHealth health = NodeHealth.Ready, bool synthetic = false, params ModelSample[] models) => new()
    {
        Registration = new NodeRegistration { NodeId = id, CellId = cell, Zone = "z1", Synthetic = synthetic },
        Health = health,
        Version = 1,
        SampledAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Gpus = [new GpuSample { GpuUuid = $"GPU-{id}", Name = "H100", VramTotalBytes = 80L << 30, SmUtilization = 0.5 }],
        Runtimes = [new RuntimeSample { Runtime = "vllm", Endpoint = $"http://{id}:8000", Healthy = true, Models = models }],
    };

    public void AddTo(FakeGrains grains, FakeTenants tenants) => grains
        .Add<INodeGrain>(id => new NodeGrain(this, id))
        .Add<INodeModelsGrain>(ModelsOf)
        .Add<IModelGrain>(Models.Model)
        .Add<IDirectoryGrain>(key => key == DirectoryKeys.Tenants ? tenants.Directory : new CellDirectory(this))
        .Add<ICellSummaryGrain>(id => new Cell(this, id));

    public void Put(params NodeView[] views)
    {
        foreach (var view in views) Nodes[view.Registration.NodeId] = view;
    }

    private sealed class NodeGrain(FakeFleet fleet, string id) : INodeGrain
    {
        public Task<NodeCommandResult> RegisterAt(NodeRegistration registration, long expected, string actor) => throw new NotSupportedException();

        public Task<IReadOnlyList<FieldError>> Check(NodeRegistration registration) => throw new NotSupportedException();

        public Task<NodeCommandResult> Register(NodeRegistration registration, string actor)
        {
            var version = fleet.Nodes.TryGetValue(id, out var before) ? before.Version + 1 : 1;
            var view = new NodeView { Registration = registration, Version = version };
            fleet.Nodes[id] = view;
            return Task.FromResult(new NodeCommandResult(NodeCommandStatus.Accepted, view, []));
        }

        public Task<NodeCommandResult> Drain(bool force, TimeSpan timeout, string actor) =>
            Change(view => view with { Health = NodeHealth.Draining, Reason = $"drain {timeout.TotalSeconds} by {actor}" });

        public Task<NodeView?> Get() => Task.FromResult(fleet.Nodes.GetValueOrDefault(id));

        public Task<NodeCommandResult> Cordon(string reason, string actor) => Change(view => view with { Health = NodeHealth.Cordoned, Reason = $"{reason} by {actor}" });

        public Task<NodeCommandResult> Quarantine(string reason, string actor) => Change(view => view with
        {
            Health = NodeHealth.Quarantined,
            Quarantine = new() { Fault = new(FaultKind.Operator, "", $"{reason} by {actor}", DateTimeOffset.UnixEpoch), Since = DateTimeOffset.UnixEpoch, Until = DateTimeOffset.MaxValue, Times = 1 },
        });

        public Task<NodeCommandResult> Maintain(string reason, string actor) => Change(view => view with { Health = NodeHealth.Maintenance, Reason = $"{reason} by {actor}" });

        public Task ReportFault(NodeFault fault) => throw new NotSupportedException();

        public Task<NodeCommandResult> Uncordon(string actor) => Change(view => view with { Health = NodeHealth.Ready, Reason = "", Quarantine = null });

        public Task<NodeCommandResult> Remove(bool force, string actor) => throw new NotSupportedException();

        public Task<NodeSummary?> Summarize() => throw new NotSupportedException();

        private Task<NodeCommandResult> Change(Func<NodeView, NodeView> change)
        {
            if (!fleet.Nodes.TryGetValue(id, out var view)) return Task.FromResult(new NodeCommandResult(NodeCommandStatus.NotFound, null, []));
            return Task.FromResult(new NodeCommandResult(NodeCommandStatus.Accepted, fleet.Nodes[id] = change(view), []));
        }
    }

    private sealed class CellDirectory(FakeFleet fleet) : IDirectoryGrain
    {
        public Task<DirectoryListing> List() =>
            Task.FromResult(new DirectoryListing(1, [.. fleet.Nodes.Values.Concat(fleet.Left).Select(n => n.Registration.CellId).Distinct().Order(StringComparer.Ordinal)]));

        public Task<bool> Add(string name) => throw new NotSupportedException();

        public Task<bool> Remove(string name) => throw new NotSupportedException();

        public Task<DirectoryListing?> WaitForChange(long version, TimeSpan wait) => throw new NotSupportedException();
    }

    private sealed class Cell(FakeFleet fleet, string id) : ICellSummaryGrain
    {
        public Task<CellSnapshot> Snapshot()
        {
            NodeView[] nodes = [.. fleet.Nodes.Values.Concat(fleet.Left).Where(n => n.Registration.CellId == id).OrderBy(n => n.Registration.NodeId, StringComparer.Ordinal)];
            var targets = nodes.SelectMany((node, i) => node.Runtimes.SelectMany(runtime => runtime.Models.Select(model => (i, runtime, model)))).ToArray();
            double[] Column(Func<ModelSample, double?> value) => [.. targets.Select(t => value(t.model) ?? double.NaN)];
            return Task.FromResult(new CellSnapshot
            {
                CellId = id,
                Nodes = new()
                {
                    Registration = [.. nodes.Select(n => n.Registration)],
                    Health = [.. nodes.Select(n => n.Health)],
                    SampledAtTicks = [.. nodes.Select(n => n.SampledAt?.UtcTicks ?? 0)],
                    Gpus = [.. nodes.Select(n => new GpuTotals(n.Gpus.Count, "H100", 80L << 30, 0, 0.5, null, null))],
                    RttMs = [.. nodes.Select(_ => double.NaN)],
                    Version = [.. nodes.Select(n => n.Version)],
                },
                Targets = new()
                {
                    Node = [.. targets.Select(t => t.i)],
                    Model = [.. targets.Select(t => t.model.Model)],
                    Revision = [.. targets.Select(t => t.model.Revision)],
                    Runtime = [.. targets.Select(t => t.runtime.Runtime)],
                    Endpoint = [.. targets.Select(t => t.runtime.Endpoint)],
                    Gpu = [.. targets.Select(t => t.runtime.Gpu)],
                    Healthy = [.. targets.Select(t => t.runtime.Healthy)],
                    Loaded = [.. targets.Select(t => t.model.Loaded)],
                    Running = Column(m => m.Running),
                    Waiting = Column(m => m.Waiting),
                    KvCacheUsage = Column(m => m.KvCacheUsage),
                    MaxConcurrency = Column(m => m.MaxConcurrency),
                    PrefillTokensPerSecond = Column(m => m.PrefillCapacityTokensPerSecond),
                    DecodeTokensPerSecond = Column(m => m.DecodeCapacityTokensPerSecond),
                    MinSecondsPerToken = Column(m => m.MinSecondsPerToken),
                    ColdStartSeconds = Column(m => m.Loaded ? 0 : m.ColdStartSeconds ?? double.PositiveInfinity),
                    PricePerHour = Column(_ => null),
                    GenerationTokensPerSecond = Column(m => m.GenerationTokensPerSecond),
                    TtftP95Seconds = Column(m => m.TtftP95Seconds),
                },
            });
        }

        public Task Report(NodeSummary summary) => throw new NotSupportedException();

        public Task Forget(string nodeId) => throw new NotSupportedException();

        public Task<CellSnapshot?> WaitForNewer(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();
    }
}
