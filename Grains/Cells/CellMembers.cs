using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Cells;

/// <summary>A change of a node's health.</summary>
/// <param name="NodeId">Node.</param>
/// <param name="From">Health before; null for the first verdict of this cell's life.</param>
/// <param name="To">Health now.</param>
/// <param name="Fault">What its quarantine is for; null when there is none.</param>
internal readonly record struct HealthChange(string NodeId, NodeHealth? From, NodeHealth To, NodeFault? Fault = null);

/// <summary>The nodes of one cell: newest summary and health of each.</summary>
internal sealed class CellMembers
{
    private readonly Dictionary<string, Member> _members = new(StringComparer.Ordinal);

    public int Count => _members.Count;

    /// <summary>Takes a summary unless a newer one is held; false when it was dropped.</summary>
    public bool Take(NodeSummary summary, DateTimeOffset now)
    {
        if (!_members.TryGetValue(summary.Registration.NodeId, out var member))
        {
            _members[summary.Registration.NodeId] = new() { Summary = summary, KnownSince = now };
            return true;
        }
        var held = member.Summary;
        if (summary.Version < held.Version) return false;
        // A node that was activated anew knows its registration but not its readings yet: those held here are better than none.
        var older = (summary.Epoch, summary.Sequence).CompareTo((held.Epoch, held.Sequence)) < 0;
        if (summary.Version == held.Version && older) return false;
        member.Summary = older
            ? summary with { Epoch = held.Epoch, Sequence = held.Sequence, SampledAt = held.SampledAt, Gpus = held.Gpus, Runtimes = held.Runtimes, RttMs = held.RttMs, Network = held.Network }
            : summary;
        return true;
    }

    public bool Remove(string nodeId) => _members.Remove(nodeId);

    /// <summary>Judges all nodes anew and returns those whose health changed, or was judged for the first time.</summary>
    /// <param name="now">Now.</param>
    /// <param name="limits">Limits of silence.</param>
    /// <param name="maxQuarantinedShare">Share of the nodes that faults may take out at once, 0 to 1.</param>
    public List<HealthChange> Judge(DateTimeOffset now, HealthSettings limits, double maxQuarantinedShare)
    {
        var changes = new List<HealthChange>();
        var panic = Panic(now, limits, maxQuarantinedShare);
        foreach (var (id, member) in _members)
        {
            var health = HealthMachine.Evaluate(member.Summary, member.KnownSince, now, limits);
            if (panic?.Contains(id) == true) health = NodeHealth.Suspect;
            if (member.Health != health) changes.Add(new(id, member.Health, health, member.Summary.Quarantine?.Fault));
            member.Health = health;
        }
        return changes;
    }

    /// <summary>Nodes with faults beyond the share that may be out at once, those that came last; null when there are none.</summary>
    private HashSet<string>? Panic(DateTimeOffset now, HealthSettings limits, double maxShare)
    {
        List<(DateTimeOffset Since, string Id)>? faulty = null;
        foreach (var (id, member) in _members)
        {
            // An operator knows what he does.
            if (member.Summary.Quarantine is not { Probing: false, Fault.Kind: not FaultKind.Operator } quarantine) continue;
            if (HealthMachine.Evaluate(member.Summary, member.KnownSince, now, limits) == NodeHealth.Quarantined) (faulty ??= []).Add((quarantine.Since, id));
        }
        var most = _members.Count < 2 || maxShare <= 0 ? 0 : Math.Max(1, (int)(_members.Count * maxShare));
        if (faulty is null || faulty.Count <= most) return null;
        faulty.Sort();
        return faulty.Skip(most).Select(f => f.Id).ToHashSet(StringComparer.Ordinal);
    }

    public CellSnapshot Snapshot(string cellId, long incarnation, long version, DateTimeOffset now)
    {
        var members = _members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => m.Value).ToArray();
        var targets = members.SelectMany((m, i) => m.Summary.Runtimes.SelectMany(r => r.Models.Select(model => (Node: i, Runtime: r, Model: model)))).ToArray();
        return new()
        {
            CellId = cellId,
            Incarnation = incarnation,
            Version = version,
            BuiltAt = now,
            Nodes = new()
            {
                Registration = Array.ConvertAll(members, m => m.Summary.Registration),
                Health = Array.ConvertAll(members, m => m.Health ?? NodeHealth.Joining),
                SampledAtTicks = Array.ConvertAll(members, m => m.Summary.SampledAt?.UtcTicks ?? 0),
                Gpus = Array.ConvertAll(members, m => m.Summary.Gpus),
                RttMs = Array.ConvertAll(members, m => m.Summary.RttMs ?? double.NaN),
                Version = Array.ConvertAll(members, m => m.Summary.Version),
                Network = Array.Exists(members, m => m.Summary.Network is not null) ? Array.ConvertAll(members, m => m.Summary.Network) : [],
            },
            Targets = new()
            {
                Node = Array.ConvertAll(targets, t => t.Node),
                Model = Array.ConvertAll(targets, t => t.Model.Model),
                Revision = Array.ConvertAll(targets, t => t.Model.Revision),
                Runtime = Array.ConvertAll(targets, t => t.Runtime.Runtime),
                Endpoint = Array.ConvertAll(targets, t => t.Runtime.Endpoint),
                GrpcEndpoint = Array.ConvertAll(targets, t => t.Runtime.GrpcEndpoint),
                Gpu = Array.ConvertAll(targets, t => t.Runtime.Gpu),
                Healthy = Array.ConvertAll(targets, t => t.Runtime.Healthy),
                Loaded = Array.ConvertAll(targets, t => t.Model.Loaded),
                Running = Array.ConvertAll(targets, t => t.Model.Running ?? double.NaN),
                Waiting = Array.ConvertAll(targets, t => t.Model.Waiting ?? double.NaN),
                KvCacheUsage = Array.ConvertAll(targets, t => t.Model.KvCacheUsage ?? double.NaN),
                MaxConcurrency = Array.ConvertAll(targets, t => t.Model.MaxConcurrency ?? double.NaN),
                PrefillTokensPerSecond = Array.ConvertAll(targets, t => t.Model.PrefillCapacityTokensPerSecond ?? double.NaN),
                DecodeTokensPerSecond = Array.ConvertAll(targets, t => t.Model.DecodeCapacityTokensPerSecond ?? double.NaN),
                MinSecondsPerToken = Array.ConvertAll(targets, t => t.Model.MinSecondsPerToken ?? double.NaN),
                // A model that is not resident and of which nobody knows how long it loads is no candidate: infinitely cold.
                ColdStartSeconds = Array.ConvertAll(targets, t => t.Model.Loaded ? 0 : t.Model.ColdStartSeconds ?? double.PositiveInfinity),
                PricePerHour = Array.ConvertAll(targets, t => t.Runtime.PricePerHour ?? double.NaN),
                GenerationTokensPerSecond = Array.ConvertAll(targets, t => t.Model.GenerationTokensPerSecond ?? double.NaN),
                TtftP95Seconds = Array.ConvertAll(targets, t => t.Model.TtftP95Seconds ?? double.NaN),
            },
        };
    }

    private sealed class Member
    {
        public required NodeSummary Summary { get; set; }

        public DateTimeOffset KnownSince { get; init; }

        public NodeHealth? Health { get; set; }
    }
}
