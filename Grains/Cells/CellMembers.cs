using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Cells;

/// <summary>A change of a node's health.</summary>
internal readonly record struct HealthChange(string NodeId, NodeHealth From, NodeHealth To);

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
            ? summary with { Epoch = held.Epoch, Sequence = held.Sequence, SampledAt = held.SampledAt, Gpus = held.Gpus, Runtimes = held.Runtimes, RttMs = held.RttMs }
            : summary;
        return true;
    }

    public bool Remove(string nodeId) => _members.Remove(nodeId);

    /// <summary>Judges all nodes anew and returns those whose health changed; a node's first verdict is no change.</summary>
    public List<HealthChange> Judge(DateTimeOffset now, HealthSettings limits)
    {
        var changes = new List<HealthChange>();
        foreach (var (id, member) in _members)
        {
            var s = member.Summary;
            var health = HealthMachine.Evaluate(s.Cordoned, s.Draining, s.SampledAt, member.KnownSince, now, limits);
            if (member.Health is { } before && before != health) changes.Add(new(id, before, health));
            member.Health = health;
        }
        return changes;
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
            },
            Targets = new()
            {
                Node = Array.ConvertAll(targets, t => t.Node),
                Model = Array.ConvertAll(targets, t => t.Model.Model),
                Revision = Array.ConvertAll(targets, t => t.Model.Revision),
                Runtime = Array.ConvertAll(targets, t => t.Runtime.Runtime),
                Endpoint = Array.ConvertAll(targets, t => t.Runtime.Endpoint),
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
