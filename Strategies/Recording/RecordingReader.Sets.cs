using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Recording;

/// <content>Sets of targets, and what changes about them.</content>
public sealed partial class RecordingReader
{
    private static readonly TargetSet s_none = new("", []);

    private Slot SetOf(int slot) => _sets[slot] ?? throw new FormatException($"set {slot} was not written");

    private TargetSet Tracked(int slot) => SetOf(slot).Targets is { IsTracked: true } targets ? targets : throw new FormatException($"set {slot} is not one that is updated in place");

    private void Set(ref RecordingCursor cursor)
    {
        var number = cursor.Int();
        // A recorder numbers them in order.
        if (number > _sets.Count) throw new FormatException($"set {number} where {_sets.Count} is next");
        var model = cursor.Text();
        var (tracked, routers) = (cursor.Byte() == 1, cursor.Int());
        var rows = new TargetRow[cursor.Length()];
        var (baseline, held) = (new LoadBaseline[rows.Length], new List<int>());
        // A target keeps its counter from table to table, and a strategy may still look at the table before.
        var known = number < _sets.Count ? _sets[number]!.Rows.ToDictionary(static r => (r.Identity.NodeId, r.Identity.Endpoint), static r => r.Local) : [];
        for (var row = 0; row < rows.Length; row++)
        {
            var identity = Identity(ref cursor);
            rows[row] = Columns(ref cursor, new() { Identity = identity, Local = known.GetValueOrDefault((identity.NodeId, identity.Endpoint)) ?? new() }, -1, ref baseline[row]);
            Local(ref cursor, rows[row].Local);
            if (tracked && cursor.Byte() == 0) held.Add(row);
        }
        var set = new TargetSet(model, rows, baseline) { Routers = routers };
        if (tracked)
        {
            set.Track();
            foreach (var row in held) set.Hold(row);
            for (var cell = 0; cell < set.Index!.Cells.Count; cell++)
            {
                var last = _time + cursor.Signed();
                if (last > 0) set.Refresh(cell, last);
            }
        }
        if (number == _sets.Count) _sets.Add(null);
        _sets[number] = new(set, rows, baseline) { NextSequence = _sets[number]?.NextSequence ?? 0, SeedOffset = _sets[number]?.SeedOffset ?? 0 };
    }

    private void Rows(ref RecordingCursor cursor)
    {
        var slot = SetOf(cursor.Int());
        for (var left = cursor.Length(); left > 0; left--)
        {
            var row = cursor.Count(slot.Rows.Length);
            slot.Rows[row] = Columns(ref cursor, slot.Rows[row], cursor.Int(), ref slot.Baseline[row]);
        }
        // Another object, as the live table had: strategies tell tables apart by that.
        slot.Targets = new(slot.Targets.Model, slot.Rows, [.. slot.Baseline]) { Routers = slot.Targets.Routers };
    }

    private TargetRow Columns(ref RecordingCursor cursor, TargetRow row, int mask, ref LoadBaseline baseline)
    {
        var standing = (mask & 1) != 0 ? (FilterReason)cursor.Byte() : row.Standing;
        if ((mask & 2) != 0) baseline = new(cursor.Int());
        var sampledAt = (mask & 4) != 0 ? _time + cursor.Signed() : row.SampledAtTicks;
        var place = (mask & 8) != 0 ? Place(ref cursor) : row.Place;
        return row with
        {
            Standing = standing,
            SampledAtTicks = sampledAt,
            Place = place,
            Running = Number(ref cursor, mask, 0, row.Running),
            Waiting = Number(ref cursor, mask, 1, row.Waiting),
            KvCacheUsage = Number(ref cursor, mask, 2, row.KvCacheUsage),
            MaxConcurrency = Number(ref cursor, mask, 3, row.MaxConcurrency),
            PrefillTokensPerSecond = Number(ref cursor, mask, 4, row.PrefillTokensPerSecond),
            DecodeTokensPerSecond = Number(ref cursor, mask, 5, row.DecodeTokensPerSecond),
            MinSecondsPerToken = Number(ref cursor, mask, 6, row.MinSecondsPerToken),
            RttSeconds = Number(ref cursor, mask, 7, row.RttSeconds),
            ColdStartSeconds = Number(ref cursor, mask, 8, row.ColdStartSeconds),
            PricePerHour = Number(ref cursor, mask, 9, row.PricePerHour),
        };

        static double Number(ref RecordingCursor cursor, int mask, int column, double known) => (mask & (16 << column)) != 0 ? cursor.Number() : known;
    }

    private void Counter(ref RecordingCursor cursor)
    {
        var targets = SetOf(cursor.Int()).Targets;
        var row = cursor.Count(targets.Count);
        Local(ref cursor, targets.Local[row]);
        targets.LocalChanged(row);
    }

    private void Local(ref RecordingCursor cursor, LocalLoad local)
    {
        var head = cursor.Varint();
        local.Restore((int)(head >> 1), (head & 1) != 0 ? _time + cursor.Signed() : 0);
    }

    private void Reading(ref RecordingCursor cursor)
    {
        var targets = Tracked(cursor.Int());
        var row = cursor.Count(targets.Count);
        var (running, waiting, cache) = (cursor.Number(), cursor.Number(), cursor.Number());
        var sampledAt = _time + cursor.Signed();
        var standing = (FilterReason)cursor.Byte();
        var cold = cursor.Number();
        targets.Restore(row, new(running, waiting, cache, sampledAt, standing, cold), new(cursor.Int()));
    }

    private void Followed(ref RecordingCursor cursor)
    {
        var targets = Tracked(cursor.Int());
        var what = cursor.Varint();
        var row = (int)(what >> 1);
        if ((what & 1) != 0) targets.Release(row);
        else targets.Hold(row);
    }

    private static TargetIdentity Identity(ref RecordingCursor cursor)
    {
        var (node, cell, zone, region, domain) = (cursor.Text(), cursor.Text(), cursor.Text(), cursor.Text(), cursor.Text());
        var (runtime, endpoint, gpu, rack) = (cursor.Text(), cursor.Text(), cursor.Text(), cursor.Text());
        var synthetic = cursor.Byte() == 1;
        return new(node, cell, zone, region, domain, runtime, endpoint, gpu, synthetic, Labels(ref cursor)) { Rack = rack };
    }

    private static NodePlace? Place(ref RecordingCursor cursor)
    {
        if (cursor.Byte() == 0) return null;
        var coordinate = Coordinate(ref cursor);
        var rtts = new MeasuredRtt[cursor.Length()];
        for (var i = 0; i < rtts.Length; i++) rtts[i] = new(cursor.Text(), cursor.Double());
        return new(coordinate, rtts, cursor.Double());
    }

    /// <summary>A set with what is needed to make the next one of it.</summary>
    private sealed class Slot(TargetSet targets, TargetRow[] rows, LoadBaseline[] baseline)
    {
        public TargetSet Targets { get; set; } = targets;

        public TargetRow[] Rows { get; } = rows;

        public LoadBaseline[] Baseline { get; } = baseline;

        public ulong NextSequence { get; set; }

        public ulong SeedOffset { get; set; }
    }
}
