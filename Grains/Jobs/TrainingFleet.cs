using System.Runtime.InteropServices;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Training;

namespace InferMesh.Grains.Jobs;

/// <summary>A node whose agent starts ranks, as it is now.</summary>
internal sealed record LaunchingNode
{
    public required NodeRegistration Registration { get; init; }

    public NodeHealth Health { get; init; }

    /// <summary>Where its agent is reached by ranks on other nodes.</summary>
    public string Host { get; init; } = "";

    /// <summary>Its agent was heard of within its lease.</summary>
    public bool IsHeard { get; init; }

    /// <summary>GPUs and MIG slices that are there.</summary>
    public IReadOnlyList<GpuSample> Gpus { get; init; } = [];

    public string GpuType { get; init; } = "";

    /// <summary>Runtimes have models loaded: what training does not have is theirs.</summary>
    public bool Serves { get; init; }

    /// <summary>Its runtimes answer and have nothing loaded.</summary>
    public bool IsIdle { get; init; }

    /// <summary>It has runtimes: what they do not use is lent.</summary>
    public bool HasRuntimes { get; init; }

    public NodeNetwork? Network { get; init; }

    public string Id => Registration.NodeId;

    /// <summary>Serving wants it back.</summary>
    public bool IsWanted { get; init; }

    /// <summary>Why it takes no new work; "" when it does.</summary>
    public string Closed => IsWanted ? "serving wants it back" : !IsHeard ? "its agent is silent" : Health is NodeHealth.Ready ? "" : $"it is {Health.ToString().ToLowerInvariant()}";

    /// <summary>What runs there must go elsewhere.</summary>
    public bool IsLost => Health is NodeHealth.Offline or NodeHealth.Quarantined or NodeHealth.Draining or NodeHealth.Maintenance;
}

/// <summary>All launching nodes with who has which GPU, at one moment. For one reader at a time.</summary>
internal sealed class TrainingFleet
{
    private const double SlowestLink = 1e8;

    private readonly Dictionary<string, LaunchingNode> _nodes;
    private readonly Dictionary<(string Node, string Gpu), CapacityClaim> _claimed = [];
    private readonly Dictionary<string, List<CapacityClaim>> _linked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IReadOnlyList<TrainingNode> Nodes, IReadOnlySet<string> Lendable)> _byKind = new(StringComparer.Ordinal);

    /// <param name="nodes">Nodes.</param>
    /// <param name="claims">Claims of all ledgers.</param>
    public TrainingFleet(IEnumerable<LaunchingNode> nodes, IReadOnlyList<CapacityClaim> claims)
    {
        _nodes = nodes.ToDictionary(static n => n.Id, StringComparer.Ordinal);
        Claims = claims;
        foreach (var claim in claims)
        {
            foreach (var (node, gpus, _) in claim.Gpus)
            {
                foreach (var gpu in gpus) _claimed[(node, gpu)] = claim;
                if (claim.LinkBytesPerSecond > 0) (CollectionsMarshal.GetValueRefOrAddDefault(_linked, node, out _) ??= []).Add(claim);
            }
        }
    }

    public static TrainingFleet Empty { get; } = new([], []);

    public IReadOnlyList<CapacityClaim> Claims { get; }

    public IReadOnlyCollection<LaunchingNode> Nodes => _nodes.Values;

    public LaunchingNode? Find(string node) => _nodes.GetValueOrDefault(node);

    /// <summary>Nodes for jobs of one kind of device, with what nobody has; those that take no new work have nothing free.</summary>
    /// <param name="migProfile">MIG profile; "" for whole GPUs.</param>
    /// <param name="lendable">Nodes whose GPUs are serving's.</param>
    public IReadOnlyList<TrainingNode> For(string migProfile, out IReadOnlySet<string> lendable)
    {
        // Asked for job by job, and the same for all of a kind.
        if (!_byKind.TryGetValue(migProfile, out var made)) _byKind[migProfile] = made = Make(migProfile);
        lendable = made.Lendable;
        return made.Nodes;
    }

    private (IReadOnlyList<TrainingNode> Nodes, IReadOnlySet<string> Lendable) Make(string migProfile)
    {
        var lent = new HashSet<string>(StringComparer.Ordinal);
        var nodes = new List<TrainingNode>(_nodes.Count);
        foreach (var node in _nodes.Values)
        {
            var devices = Devices(node, migProfile);
            if (node is { Serves: false, HasRuntimes: true }) lent.Add(node.Id);
            nodes.Add(new()
            {
                Id = node.Id,
                Region = node.Registration.Region,
                Zone = node.Registration.Zone,
                Cell = node.Registration.CellId,
                Rack = node.Registration.Rack,
                NvlinkIsland = node.Registration.Labels.GetValueOrDefault("nvlink-island", ""),
                GpuType = node.GpuType,
                Gpus = devices.Count,
                TakesWork = node is { Closed.Length: 0, Serves: false },
                FreeGpus = node.Closed.Length > 0 || node.Serves ? 0 : devices.Count(d => !_claimed.ContainsKey((node.Id, d.GpuUuid))),
                LinkBytesPerSecond = LinkRate(node),
                LinkClaimedBytesPerSecond = LinksOf(node.Id).Sum(static c => c.LinkBytesPerSecond),
                BytesPerGpu = devices.Count == 0 ? null : devices.Min(static d => d.VramTotalBytes),
            });
        }
        return (nodes, lent);
    }

    /// <summary>GPUs for workers on a node: those that the job has there already, then free ones; null when there are too few.</summary>
    public IReadOnlyList<string>? Choose(string node, string job, string migProfile, int count)
    {
        if (!_nodes.TryGetValue(node, out var found)) return null;
        var devices = Devices(found, migProfile);
        var own = devices.Where(d => _claimed.TryGetValue((node, d.GpuUuid), out var claim) && claim.Kind == ClaimKind.Training && claim.Holder == job);
        var free = found.Closed.Length > 0 || found.Serves ? [] : devices.Where(d => !_claimed.ContainsKey((node, d.GpuUuid)));
        string[] chosen = [.. own.Concat(free).Select(static d => d.GpuUuid).Take(count)];
        return chosen.Length == count ? chosen : null;
    }

    public NodeCapacity Capacity(LaunchingNode node)
    {
        var claims = node.Gpus.Select(g => _claimed.GetValueOrDefault((node.Id, g.GpuUuid))).ToArray();
        var training = claims.Count(static c => c?.Kind == ClaimKind.Training);
        var unclaimed = claims.Count(static c => c is null);
        var lent = node.HasRuntimes ? claims.Count(c => c?.Kind == ClaimKind.Training && c.Gpus.Any(g => g.Node == node.Id && g.Lent)) : 0;
        return new()
        {
            Node = node.Id,
            Cell = node.Registration.CellId,
            GpuType = node.GpuType,
            Gpus = node.Gpus.Count,
            Training = training,
            Serving = claims.Count(static c => c?.Kind == ClaimKind.Serving) + (node.Serves ? unclaimed : 0),
            Lent = lent,
            Free = node.Serves || node.Closed.Length > 0 ? 0 : unclaimed,
            Jobs = [.. claims.Where(static c => c?.Kind == ClaimKind.Training).Select(static c => c!.Holder).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Closed = node.Closed,
            LinkBytesPerSecond = LinkRate(node),
            LinkClaimedBytesPerSecond = LinksOf(node.Id).Sum(static c => c.LinkBytesPerSecond),
        };
    }

    /// <summary>Links between nodes of a place: as fast as what others leave of the slowest of their ports, where ports say anything.</summary>
    /// <param name="nodes">Nodes of the place.</param>
    /// <param name="job">Whose place it is: what it sends itself is its own.</param>
    public CollectiveFabric Fabric(IEnumerable<string> nodes, string job)
    {
        double? slowest = null;
        foreach (var id in nodes)
        {
            if (Find(id) is not { } node || LinkRate(node) is not { } rate) continue;
            var others = LinksOf(id).Where(c => c.Holder != job).ToArray();
            slowest = Math.Min(slowest ?? double.PositiveInfinity, LinkShare.Left(rate, others.Sum(static c => c.LinkBytesPerSecond), others.Length));
        }
        if (slowest is not { } bytes) return CollectiveFabric.Unmeasured;
        var between = CollectiveFabric.Unmeasured.Between.ToDictionary();
        foreach (var level in new[] { TopologyLevel.Cell, TopologyLevel.Rack, TopologyLevel.NvlinkIsland }) between[level] = between[level] with { SecondsPerByte = 1 / bytes };
        return CollectiveFabric.Unmeasured with { Between = between };
    }

    /// <summary>What a node's ports carry together; null when they do not say. Ports that are down carry nothing; a node without any is as good as cut off, but not quite: it has another network.</summary>
    private static double? LinkRate(LaunchingNode node) =>
        node.Network is { } network && network.Links.Any(static l => l.RateBytesPerSecond is not null)
            ? Math.Max(network.Links.Where(static l => l.IsUp).Sum(static l => l.RateBytesPerSecond ?? 0), SlowestLink)
            : null;

    /// <summary>Claims of training on a node's links, one per job: one that moves has two.</summary>
    private IEnumerable<CapacityClaim> LinksOf(string node) =>
        _linked.TryGetValue(node, out var claims) ? claims.GroupBy(static c => c.Holder, StringComparer.Ordinal).Select(static g => g.MaxBy(static c => c.Fence)!) : [];

    private static IReadOnlyList<GpuSample> Devices(LaunchingNode node, string migProfile) => [.. node.Gpus.Where(g => g.MigProfile == migProfile)];
}
