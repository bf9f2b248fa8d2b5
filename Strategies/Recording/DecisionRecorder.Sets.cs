using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Recording;

/// <content>
/// Sets of targets. A set is written when a decision first needs it, and what changes is written after that. A tracked set is told of by its owner; of an immutable one
/// the counters are compared at each decision, and the rows when the next table brings another set.
/// </content>
public sealed partial class DecisionRecorder
{
    private readonly Dictionary<TargetSet, RecordedSet> _tracked = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, RecordedSet> _models = new(StringComparer.Ordinal);
    private int _slots;

    /// <summary>A tracked set has taken a reading in.</summary>
    public void Reading(TargetSet targets, int target)
    {
        if (!_tracked.TryGetValue(targets, out var set)) return;
        _buffer.Byte((byte)RecordedEvent.Reading);
        _buffer.Count(set.Slot);
        _buffer.Count(target);
        _buffer.Number(targets.Running[target]);
        _buffer.Number(targets.Waiting[target]);
        _buffer.Number(targets.KvCacheUsage[target]);
        _buffer.Signed(targets.SampledAtTicks[target] - _time);
        _buffer.Byte((byte)targets.Standing[target]);
        _buffer.Number(targets.ColdStartSeconds[target]);
        _buffer.Count(targets.Baseline[target].Requests);
        End();
    }

    /// <summary>A cell of a tracked set has reported.</summary>
    public void Refreshed(TargetSet targets, int cell, long sampledAtTicks)
    {
        if (!_tracked.TryGetValue(targets, out var set)) return;
        _buffer.Byte((byte)RecordedEvent.Refreshed);
        _buffer.Count(set.Slot);
        _buffer.Count(cell);
        _buffer.Signed(sampledAtTicks - _time);
        End();
    }

    /// <summary>A target of a tracked set was held or released.</summary>
    public void Followed(TargetSet targets, int target, bool follows)
    {
        if (!_tracked.TryGetValue(targets, out var set)) return;
        _buffer.Byte((byte)RecordedEvent.Followed);
        _buffer.Count(set.Slot);
        _buffer.Varint(((ulong)(uint)target << 1) | (follows ? 1UL : 0));
        End();
    }

    /// <summary>A counter of a tracked set has changed.</summary>
    public void Counted(TargetSet targets, int target)
    {
        if (!_tracked.TryGetValue(targets, out var set)) return;
        Counter(set, target);
        if (_buffer.Length >= options.BlockBytes) Flush();
    }

    private RecordedSet? Known(TargetSet targets) => targets.IsTracked ? _tracked.GetValueOrDefault(targets) : _models.GetValueOrDefault(targets.Model);

    private RecordedSet Synchronised(TargetSet targets)
    {
        if (targets.IsTracked) return _tracked.TryGetValue(targets, out var tracked) ? tracked : _tracked[targets] = Write(targets, _slots++);
        if (!_models.TryGetValue(targets.Model, out var set)) return _models[targets.Model] = Write(targets, _slots++);
        if (!ReferenceEquals(set.Targets, targets))
        {
            if (!set.HasTargetsOf(targets) || set.Targets.Routers != targets.Routers) return _models[targets.Model] = Rewrite(set, targets);
            Rows(set, targets);
        }
        for (var i = 0; i < targets.Count; i++) Counter(set, i);
        return set;
    }

    private RecordedSet Rewrite(RecordedSet old, TargetSet targets)
    {
        var set = Write(targets, old.Slot);
        (set.NextSequence, set.SeedOffset) = (old.NextSequence, old.SeedOffset);
        return set;
    }

    private void Counter(RecordedSet set, int target)
    {
        var local = set.Targets.Local[target];
        var now = (local.Requests, local.PrefillUntilTicks);
        ref var known = ref set.Counters[target];
        if (known == now) return;
        known = now;
        _buffer.Byte((byte)RecordedEvent.Counter);
        _buffer.Count(set.Slot);
        _buffer.Count(target);
        Local(now);
        _events++;
    }

    private void Local((int Requests, long PrefillUntilTicks) now)
    {
        // 0 is no time: the times themselves are told apart from it by one.
        _buffer.Varint(((ulong)(uint)now.Requests << 1) | (now.PrefillUntilTicks != 0 ? 1UL : 0));
        if (now.PrefillUntilTicks != 0) _buffer.Signed(now.PrefillUntilTicks - _time);
    }

    private RecordedSet Write(TargetSet targets, int slot)
    {
        var set = new RecordedSet(slot, targets);
        _buffer.Byte((byte)RecordedEvent.Set);
        _buffer.Count(slot);
        _buffer.Text(targets.Model);
        _buffer.Byte((byte)(targets.IsTracked ? 1 : 0));
        _buffer.Count(targets.Routers);
        _buffer.Count(targets.Count);
        for (var row = 0; row < targets.Count; row++)
        {
            Identity(targets.Identity[row]);
            Columns(targets, row, -1);
            set.Counters[row] = (targets.Local[row].Requests, targets.Local[row].PrefillUntilTicks);
            Local(set.Counters[row]);
            if (targets.Index is { } index) _buffer.Byte((byte)(index.Cells.Follows(row) ? 1 : 0));
        }
        if (targets.Index is { } tracked)
        {
            for (var cell = 0; cell < tracked.Cells.Count; cell++) _buffer.Signed(tracked.Cells.Last(cell) - _time);
        }
        _events++;
        return set;
    }

    private void Rows(RecordedSet set, TargetSet targets)
    {
        var changed = 0;
        for (var row = 0; row < targets.Count; row++) if (RecordedSet.Differences(set.Targets, targets, row) != 0) changed++;
        _buffer.Byte((byte)RecordedEvent.Rows);
        _buffer.Count(set.Slot);
        _buffer.Count(changed);
        for (var row = 0; row < targets.Count; row++)
        {
            var mask = RecordedSet.Differences(set.Targets, targets, row);
            if (mask == 0) continue;
            _buffer.Count(row);
            _buffer.Count(mask);
            Columns(targets, row, mask);
        }
        set.Become(targets);
        _events++;
    }

    private void Columns(TargetSet targets, int row, int mask)
    {
        if ((mask & 1) != 0) _buffer.Byte((byte)targets.Standing[row]);
        if ((mask & 2) != 0) _buffer.Count(targets.Baseline[row].Requests);
        if ((mask & 4) != 0) _buffer.Signed(targets.SampledAtTicks[row] - _time);
        if ((mask & 8) != 0) Place(targets.PlaceOf(row));
        for (var column = 0; column < RecordedSet.Columns; column++)
        {
            if ((mask & (16 << column)) != 0) _buffer.Number(RecordedSet.Of(targets, column)[row]);
        }
    }

    private void Identity(TargetIdentity identity)
    {
        _buffer.Text(identity.NodeId);
        _buffer.Text(identity.CellId);
        _buffer.Text(identity.Zone);
        _buffer.Text(identity.Region);
        _buffer.Text(identity.FailureDomain);
        _buffer.Text(identity.Runtime);
        _buffer.Text(identity.Endpoint);
        _buffer.Text(identity.Gpu);
        _buffer.Text(identity.Rack);
        _buffer.Byte((byte)(identity.Synthetic ? 1 : 0));
        Labels(identity.Labels);
    }

    private void Place(NodePlace? place)
    {
        _buffer.Byte((byte)(place is null ? 0 : 1));
        if (place is null) return;
        Coordinate(place.Coordinate);
        _buffer.Count(place.Rtts.Count);
        foreach (var (name, milliseconds) in place.Rtts)
        {
            _buffer.Text(name);
            _buffer.Double(milliseconds);
        }
        _buffer.Double(place.BytesPerSecond);
    }

    private void ForgetSets()
    {
        _tracked.Clear();
        _models.Clear();
        _slots = 0;
    }
}
