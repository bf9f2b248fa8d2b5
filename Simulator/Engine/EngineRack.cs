using InferMesh.Simulator.Service;
using InferMesh.Simulator.World;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Simulator.Engine;

/// <summary>The engines of all targets: makes them when they are first used, wakes them when they are due and keeps account of what they hold. A target that never gets a request costs a few bytes.</summary>
internal sealed class EngineRack(Fleet fleet, EventQueue queue, KvFeed? feed)
{
    private readonly INodeEngine?[] _engines = new INodeEngine?[fleet.Count];
    private readonly Standing[] _standing = new Standing[fleet.Count];
    private readonly List<int> _used = [];

    /// <summary>Requests in batches, of all targets.</summary>
    public long Running { get; private set; }

    /// <summary>Requests that wait in engines, of all targets.</summary>
    public long Waiting { get; private set; }

    /// <summary>Targets that ever got a request, in the order of their first.</summary>
    public IReadOnlyList<int> Used => _used;

    public INodeEngine? this[int target] => _engines[target];

    /// <summary>Gives a request to the engine; false when it can never fit.</summary>
    public bool Submit(int target, in SimRequest request, long nowNs, out bool changed)
    {
        var engine = EngineOf(target);
        var taken = engine.Submit(request, nowNs);
        changed = taken && Account(target, engine, nowNs);
        return taken;
    }

    /// <summary>Gives a request to an engine that only prefills; its KV blocks stay there until <see cref="Free"/>.</summary>
    public bool SubmitPrefill(int target, in SimRequest request, long nowNs, out bool changed)
    {
        var engine = (ContinuousEngine)EngineOf(target);
        var taken = engine.SubmitPrefill(request, nowNs);
        changed = taken && Account(target, engine, nowNs);
        return taken;
    }

    /// <summary>Gives a request to an engine that only decodes, with the way on which its KV blocks come.</summary>
    public bool SubmitDecode(int target, in SimRequest request, long firstTokenNs, in KvLink link, long nowNs, out bool changed)
    {
        var engine = (ContinuousEngine)EngineOf(target);
        var taken = engine.SubmitDecode(request, firstTokenNs, link, nowNs);
        changed = taken && Account(target, engine, nowNs);
        return taken;
    }

    /// <summary>Lets go of the KV blocks of a request that was prefilled there; false when there are none.</summary>
    public bool Free(int target, int request, long nowNs, out bool changed)
    {
        changed = false;
        if (_engines[target] is not ContinuousEngine engine || !engine.Free(request, nowNs)) return false;
        changed = Account(target, engine, nowNs);
        return true;
    }

    public bool Cancel(int target, int request, long nowNs, out bool changed)
    {
        changed = false;
        if (_engines[target] is not { } engine || !engine.Cancel(request, nowNs)) return false;
        changed = Account(target, engine, nowNs);
        return true;
    }

    /// <summary>Lets the engine do what is due, if the wake-up is the last one scheduled; returns whether its reading changed.</summary>
    public bool Wake(int target, int version, long nowNs, IEngineEvents events)
    {
        ref var standing = ref _standing[target];
        if (version != standing.Version) return false;
        standing.WakeNs = long.MaxValue;
        var engine = _engines[target]!;
        if (engine.NextNs <= nowNs) engine.Advance(nowNs, events);
        return Account(target, engine, nowNs);
    }

    public void Crash(int target, long nowNs, List<int> lost)
    {
        if (_engines[target] is not { } engine) return;
        engine.Crash(nowNs, lost);
        Account(target, engine, nowNs);
    }

    public EngineReading Read(int target, long nowNs) => _engines[target]?.Read(nowNs) ?? new(nowNs, 0, 0, 0);

    public double BusySeconds(int target, long nowNs) => _engines[target]?.BusySeconds(nowNs) ?? 0;

    /// <summary>Share of the KV cache in use, averaged from the start to now.</summary>
    public double MeanKv(int target, long nowNs)
    {
        ref readonly var s = ref _standing[target];
        return nowNs == 0 ? 0 : (s.KvNs + s.Kv * (nowNs - s.KvSinceNs)) / nowNs;
    }

    /// <summary>Times that an engine took a running request's KV blocks away for others.</summary>
    public long Preemptions() => _used.Sum(target => _engines[target] is ContinuousEngine engine ? engine.Preemptions : 0);

    /// <summary>Prompt blocks that engines did not compute again.</summary>
    public long ReusedBlocks() => _used.Sum(target => _engines[target] is ContinuousEngine engine ? engine.ReusedTokens / BlockHash.BlockTokens : 0);

    private INodeEngine EngineOf(int target)
    {
        if (_engines[target] is { } there) return there;
        _standing[target].WakeNs = long.MaxValue;
        _used.Add(target);
        return _engines[target] = fleet.Spec(target).NewEngine(feed?.Listen(target));
    }

    /// <summary>Books what changed and schedules the next wake-up; returns whether the reading is another.</summary>
    private bool Account(int target, INodeEngine engine, long nowNs)
    {
        feed?.Flush(target, nowNs);
        ref var s = ref _standing[target];
        var next = engine.NextNs;
        if (next < s.WakeNs)
        {
            s.WakeNs = next;
            queue.Add(next, EventKind.EngineWakes, target, ++s.Version);
        }
        var reading = engine.Read(nowNs);
        if (reading.Running == s.Running && reading.Waiting == s.Waiting && reading.KvCacheUsage == s.Kv) return false;
        Running += reading.Running - s.Running;
        Waiting += reading.Waiting - s.Waiting;
        s.KvNs += s.Kv * (nowNs - s.KvSinceNs);
        (s.Running, s.Waiting, s.Kv, s.KvSinceNs) = (reading.Running, reading.Waiting, reading.KvCacheUsage, nowNs);
        return true;
    }

    private struct Standing
    {
        public long WakeNs;
        public int Version;
        public int Running, Waiting;
        public long KvSinceNs;
        public double Kv, KvNs;
    }
}
