using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.World;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <summary>
/// How old the routers' view is. Every target reports with a period and phase of its own, and each report travels for a time of its own. What has not changed since the last
/// report need not be read again: a reading is scheduled for the next report after a change, and the age of all the others is kept up cell by cell, at the cell's cadence.
/// So signals cost what happens, not what there is. Queue depths set the cadence of reports; a report carries the last VRAM figure that was due.
/// </summary>
internal sealed class Signals
{
    // Ages of unchanged targets are kept up no more often than this.
    private const double LeastCadenceNs = 20e6;
    private const double MissedReports = 3;

    private readonly Fleet _fleet;
    private readonly EventQueue _queue;
    private readonly EngineRack _rack;
    private readonly ColdTargets _cold;
    private readonly MeshRouter[] _routers;
    private readonly SignalsConfig _config;
    private readonly RandomStream _travel;
    private readonly ulong _seed;
    private readonly State[] _state;
    private readonly double _cadenceNs;
    private TargetReading[] _reports = new TargetReading[64];
    private int[] _free = new int[64];
    private int _freeCount, _made;

    public Signals(SimConfig config, Fleet fleet, EventQueue queue, EngineRack rack, ColdTargets cold, MeshRouter[] routers)
    {
        (_config, _fleet, _queue, _rack, _cold, _routers, _seed) = (config.Signals, fleet, queue, rack, cold, routers, config.Seed);
        _travel = new(config.Seed, Streams.Travel);
        _state = new State[fleet.Count];
        _cadenceNs = Math.Max(LeastCadenceNs, (_config.QueueDepthMs.Min + _config.QueueDepthMs.Max) / 2 * 1e6);
        for (var router = 0; router < routers.Length; router++)
        {
            for (var cell = 0; cell < fleet.Cells; cell++) queue.Add((long)(_cadenceNs * Unit(cell, Streams.Phase)), EventKind.CellRefreshed, cell, router);
        }
    }

    /// <summary>Nanoseconds after which a router takes a silent target for gone.</summary>
    public long SilenceNs => (long)(MissedReports * _config.QueueDepthMs.Max * 1e6);

    /// <summary>The target's reading is another than it was.</summary>
    public void Changed(int target, long nowNs)
    {
        ref var s = ref _state[target];
        if (s.Pending) return;
        s.Pending = true;
        Unsettle(target);
        _queue.Add(NextReport(target, nowNs), EventKind.ReadingTaken, target);
    }

    /// <summary>The target says how it stands.</summary>
    public void Take(int target, long nowNs)
    {
        ref var s = ref _state[target];
        s.Pending = false;
        if (s.Down)
        {
            Settle(target);
            return;
        }
        if (_config.Loss > 0 && _travel.NextUnit() < _config.Loss)
        {
            Again(target, nowNs + 1);
            Settle(target);
            return;
        }
        var reading = _rack.Read(target, nowNs);
        var kv = reading.KvCacheUsage;
        if (kv != s.Kv && nowNs < s.KvDueNs)
        {
            kv = s.Kv;
            Again(target, s.KvDueNs);
        }
        else if (kv != s.Kv)
        {
            s.Kv = kv;
            s.KvDueNs = nowNs + PeriodNs(target, _config.VramMs, Streams.VramPeriod);
        }
        Send(target, new(reading.Running, reading.Waiting + _cold.Waiting(target), kv, MeshRouter.Ticks(nowNs), FilterReason.None, _cold.Seconds(target, nowNs)), nowNs);
        Settle(target);
    }

    /// <summary>A report arrives at a router.</summary>
    public void Arrive(int target, int tag)
    {
        var report = tag / _routers.Length;
        _routers[tag % _routers.Length].Take(target, _reports[report]);
        Settle(target);
        if (_freeCount == _free.Length) Array.Resize(ref _free, _freeCount * 2);
        _free[_freeCount++] = report;
    }

    /// <summary>All unchanged targets of a cell were heard of.</summary>
    public void Refresh(int cell, int router, long nowNs)
    {
        _queue.Add(nowNs + (long)_cadenceNs, EventKind.CellRefreshed, cell, router);
        if (_config.Loss > 0 && _travel.NextUnit() < _config.Loss) return;
        var takenNs = nowNs - TravelNs(cell, _routers[router].Cell);
        if (takenNs <= 0) return;
        _routers[router].Refresh(cell, MeshRouter.Ticks(takenNs));
    }

    /// <summary>A target falls silent; the routers notice when reports stay out.</summary>
    public void Silent(int target, long nowNs)
    {
        ref var s = ref _state[target];
        s.Down = true;
        Unsettle(target);
        Send(target, new(0, 0, 0, MeshRouter.Ticks(nowNs), FilterReason.NodeOffline), nowNs + SilenceNs);
    }

    /// <summary>A target speaks again.</summary>
    public void Back(int target, long nowNs)
    {
        ref var s = ref _state[target];
        s.Down = false;
        // The reading of a node that is back must not be overtaken by the news that it is silent.
        if (!s.Pending) Again(target, nowNs + SilenceNs);
        Settle(target);
    }

    private void Again(int target, long fromNs)
    {
        ref var s = ref _state[target];
        s.Pending = true;
        Unsettle(target);
        _queue.Add(NextReport(target, fromNs), EventKind.ReadingTaken, target);
    }

    private void Send(int target, in TargetReading reading, long atNs)
    {
        for (var router = 0; router < _routers.Length; router++)
        {
            Unsettle(target);
            _queue.Add(atNs + TravelNs(_fleet.Cell[target], _routers[router].Cell), EventKind.ReadingArrives, target, Keep(reading) * _routers.Length + router);
        }
    }

    /// <summary>Something of the target is not with the routers yet: its reading grows old there.</summary>
    private void Unsettle(int target)
    {
        if (_state[target].Unsettled++ > 0) return;
        foreach (var router in _routers) router.Hold(target);
    }

    private void Settle(int target)
    {
        if (--_state[target].Unsettled > 0) return;
        foreach (var router in _routers) router.Release(target);
    }

    private int Keep(in TargetReading reading)
    {
        int place;
        if (_freeCount > 0)
        {
            place = _free[--_freeCount];
        }
        else
        {
            if (_made == _reports.Length) Array.Resize(ref _reports, _made * 2);
            place = _made++;
        }
        _reports[place] = reading;
        return place;
    }

    private long TravelNs(int fromCell, int toCell)
    {
        var range = fromCell == toCell ? _config.TransportMs.IntraCell : _config.TransportMs.InterCell;
        return (long)((range.Min + (range.Max - range.Min) * _travel.NextUnit()) * 1e6);
    }

    private long NextReport(int target, long fromNs)
    {
        var period = PeriodNs(target, _config.QueueDepthMs, Streams.QueuePeriod);
        if (period <= 0) return fromNs;
        var phase = (long)(period * Unit(target, Streams.Phase));
        return fromNs <= phase ? phase : phase + (fromNs - phase + period - 1) / period * period;
    }

    private long PeriodNs(int target, RangeMs range, ulong stream) => (long)((range.Min + (range.Max - range.Min) * Unit(target, stream)) * 1e6);

    private double Unit(int index, ulong stream) => Streams.Unit(_seed, stream, index);

    private struct State
    {
        public bool Pending, Down;
        public int Unsettled;
        public double Kv;
        public long KvDueNs;
    }
}
