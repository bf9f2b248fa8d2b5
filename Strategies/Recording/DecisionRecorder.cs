using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Recording;

/// <summary>How a recording is made.</summary>
/// <param name="Recording">Tells it from others.</param>
/// <param name="StartedTicks">When it begins, UTC ticks.</param>
public sealed record RecordingOptions(ulong Recording, long StartedTicks)
{
    /// <summary>Whether a simulator makes it.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Whether every decision is recorded from the first on: only then what strategies have learned can be had again.</summary>
    public bool Complete { get; init; } = true;

    /// <summary>Bytes after which a block ends, 1 KiB or more.</summary>
    public int BlockBytes { get; init; } = 256 * 1024;

    /// <summary>Bytes after which a file ends, 64 KiB or more.</summary>
    public long FileBytes { get; init; } = 64 << 20;

    /// <summary>Age at which a file ends.</summary>
    public TimeSpan FileAge { get; init; } = TimeSpan.MaxValue;
}

/// <summary>
/// Writes what decisions read and what came out, in order. The caller sees to it that nothing changes between what is written and what is read: one thread, or a lock around a decision and
/// around all that changes counters or strategies. Bounded: a block, and what the present file has named.
/// </summary>
public sealed partial class DecisionRecorder(IRecordingSink sink, RecordingOptions options)
{
    // Names that a file holds at most of each kind: then another one begins.
    private const int MaxNames = 1 << 16;

    private readonly RecordingBuffer _buffer = new();
    private readonly byte[] _head = new byte[RecordingFormat.HeaderBytes + RecordingFormat.BlockHeaderBytes];
    private readonly Dictionary<RoutingRequest, int> _shapes = new(new ShapeComparer());
    private readonly Dictionary<EffectivePolicy, int> _policies = new(new PolicyComparer());
    private readonly Dictionary<IRoutingStrategy, int> _strategies = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> _reasons = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<IRoutingStrategy, Instance> _instances = [];
    private int _file = -1, _instanceCount, _events, _blockDecisions;
    private bool _begins;
    private long _fileBytes, _fileStartedTicks, _fileFirst, _time, _table;

    /// <summary>Decisions that were recorded, dropped ones included.</summary>
    public long Decisions { get; private set; }

    /// <summary>Decisions that the sink had no room for.</summary>
    public long Dropped { get; private set; }

    /// <summary>Bytes that the sink took.</summary>
    public long Bytes { get; private set; }

    /// <summary>Records a decision, before anything comes of it, on the thread that made it.</summary>
    /// <param name="targets">Targets of the model; null when no node serves it.</param>
    /// <param name="request">The request.</param>
    /// <param name="policy">What holds for it.</param>
    /// <param name="tableVersion">Version of the table.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="sequence">As the kernel was given it.</param>
    /// <param name="seed">As the kernel was given it.</param>
    /// <param name="result">What came out.</param>
    /// <param name="picks">Targets, best first.</param>
    /// <returns>Its number.</returns>
    public long Decided(
        TargetSet? targets, RoutingRequest request, EffectivePolicy policy, long tableVersion, long nowTicks, ulong sequence, ulong seed, in PickResult result, ReadOnlySpan<RankedTarget> picks)
    {
        Open(nowTicks);
        var set = targets is null ? null : Synchronised(targets);
        var (shape, rule) = (ShapeOf(request), PolicyOf(policy));
        // Without a ranking there was nobody to fall back.
        var reason = result.Outcome == DecisionOutcome.Routed && policy.Strategy is IHostedStrategy { LastFallback: { } why } ? ReasonOf(why) : -1;
        var (usualSequence, usualSeed) = (set is not null && sequence == set.NextSequence, set is not null && seed == sequence + set.SeedOffset);
        _buffer.Byte((byte)RecordedEvent.Decision);
        _buffer.Byte((byte)((usualSequence ? 1 : 0) | (usualSeed ? 2 : 0) | (tableVersion == _table ? 4 : 0) | (result.Outcome == DecisionOutcome.Routed ? 8 : 0) | (reason >= 0 ? 16 : 0) | (request.Again ? 32 : 0)));
        _buffer.Count(set is null ? 0 : set.Slot + 1);
        _buffer.Count(rule);
        Time(nowTicks);
        if (!usualSequence) _buffer.Varint(sequence);
        if (!usualSeed) _buffer.Fixed(seed);
        if (tableVersion != _table) _buffer.Signed(tableVersion - _table);
        _table = tableVersion;
        if (set is not null) (set.NextSequence, set.SeedOffset) = (sequence + 1, seed - sequence);
        Features(shape, request, policy.Strategy.WantsPrefix);
        for (var q = 0; q < policy.Quotas.Count; q++) _buffer.Count(policy.Quotas[q].InFlight.Requests);
        Result(result, picks);
        if (reason >= 0) _buffer.Count(reason);
        _blockDecisions++;
        var number = Decisions++;
        End();
        return number;
    }

    /// <summary>Records that a strategy is told of a dispatch, before the counters of the target change.</summary>
    public void Sent(IRoutingStrategy strategy, TargetSet targets, RoutingRequest request, int target, long nowTicks, ulong sequence = 0, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        Open(nowTicks);
        var set = Synchronised(targets);
        var (shape, number) = (ShapeOf(request), StrategyOf(strategy));
        _buffer.Byte((byte)RecordedEvent.Sent);
        _buffer.Count(number);
        _buffer.Count(set.Slot);
        _buffer.Count(target);
        Time(nowTicks);
        _buffer.Varint(sequence);
        _buffer.Fixed(seed);
        Features(shape, request, strategy.WantsPrefix);
        End();
    }

    /// <summary>Records what a strategy is told of an answer.</summary>
    public void Learned(IRoutingStrategy strategy, TargetSet? targets, in Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        Open(outcome.CompletedAtTicks);
        var set = targets is null ? null : Known(targets);
        var row = set is null ? -1 : Learning.TargetOrder.Find(set.Targets.Identity, outcome.Target);
        var number = StrategyOf(strategy);
        _buffer.Byte((byte)RecordedEvent.Learned);
        _buffer.Byte((byte)((row >= 0 ? 1 : 0) | (outcome.Succeeded ? 2 : 0) | (outcome.Model.Length > 0 ? 4 : 0)));
        _buffer.Count(number);
        if (row >= 0)
        {
            _buffer.Count(set!.Slot);
            _buffer.Count(row);
        }
        else
        {
            Identity(outcome.Target);
        }
        if (outcome.Model.Length > 0) _buffer.Text(outcome.Model);
        Time(outcome.CompletedAtTicks);
        _buffer.Count(Math.Max(0, outcome.PromptTokens));
        _buffer.Count(Math.Max(0, outcome.OutputTokens));
        _buffer.Double(outcome.ExpectedSeconds);
        _buffer.Number(outcome.LoadAtDispatch);
        _buffer.Double(outcome.TtftSeconds);
        _buffer.Double(outcome.E2eSeconds);
        _buffer.Number(outcome.BatchAtDispatch);
        _buffer.Number(outcome.PrefillBacklogSeconds);
        End();
    }

    /// <summary>Records how the request of a decision ended.</summary>
    public void Ended(in RecordedEnd end)
    {
        Open(end.AtTicks);
        _buffer.Byte((byte)RecordedEvent.Ended);
        _buffer.Varint((ulong)(Decisions - end.Decision));
        Time(end.AtTicks);
        _buffer.Byte((byte)end.Status);
        _buffer.Double(end.TtftSeconds);
        _buffer.Double(end.E2eSeconds);
        _buffer.Count(Math.Max(0, end.PromptTokens));
        _buffer.Count(Math.Max(0, end.OutputTokens));
        End();
    }

    /// <summary>Hands over what there is, so that a reader of the files sees it.</summary>
    public void Flush()
    {
        if (_events == 0) return;
        var head = _head.AsSpan();
        if (_begins) RecordingFormat.WriteHeader(head, new(options.Recording, _file, options.Synthetic, _fileStartedTicks, _fileFirst));
        var block = head[RecordingFormat.HeaderBytes..];
        BinaryPrimitives.WriteInt32LittleEndian(block, _buffer.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], RecordingFormat.Checksum(_buffer.Written));
        BinaryPrimitives.WriteInt32LittleEndian(block[8..], _events);
        BinaryPrimitives.WriteInt32LittleEndian(block[12..], _blockDecisions);
        var front = _begins ? head : block;
        var bytes = new byte[front.Length + _buffer.Length];
        front.CopyTo(bytes);
        _buffer.Written.CopyTo(bytes.AsSpan(front.Length));
        if (sink.TryWrite(bytes, _file, _begins, _blockDecisions))
        {
            (Bytes, _fileBytes, _begins) = (Bytes + bytes.Length, _fileBytes + bytes.Length, false);
        }
        else
        {
            // What comes after a gap must stand alone, and nobody knows what was learned in it.
            Dropped += _blockDecisions;
            foreach (var (_, instance) in _instances) instance.Complete = false;
            _fileBytes = long.MaxValue;
        }
        (_events, _blockDecisions) = (0, 0);
        _buffer.Clear();
        if (_fileBytes < options.FileBytes && _time - _fileStartedTicks < options.FileAge.Ticks && Math.Max(_shapes.Count, _policies.Count) < MaxNames) return;
        Forget();
    }

    private void Open(long nowTicks)
    {
        if (_fileStartedTicks != 0) return;
        (_begins, _fileStartedTicks, _fileBytes, _fileFirst) = (true, Math.Max(1, nowTicks), 0, Decisions);
        _file++;
    }

    /// <summary>The next event begins a file that names everything anew.</summary>
    private void Forget()
    {
        (_fileStartedTicks, _time, _table) = (0, 0, 0);
        _shapes.Clear();
        _policies.Clear();
        _strategies.Clear();
        _reasons.Clear();
        ForgetSets();
    }

    private void End()
    {
        _events++;
        if (_buffer.Length >= options.BlockBytes || Math.Max(_shapes.Count, _policies.Count) >= MaxNames) Flush();
    }

    private void Time(long nowTicks)
    {
        _buffer.Signed(nowTicks - _time);
        _time = nowTicks;
    }

    private sealed class Instance(int number, bool complete)
    {
        public int Number { get; } = number;

        public bool Complete { get; set; } = complete;
    }
}
