using System.Buffers.Binary;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Recording;

/// <summary>How far a file could be read.</summary>
/// <param name="Header">What it says of itself; null when it is no recording.</param>
/// <param name="Blocks">Whole blocks that were read.</param>
/// <param name="Decisions">Decisions in them.</param>
/// <param name="LostBytes">Bytes from the first block that could not be read to the end.</param>
/// <param name="Problem">What ended the reading early; "" when nothing did.</param>
public sealed record RecordedFile(RecordingHeader? Header, int Blocks, long Decisions, long LostBytes, string Problem);

/// <summary>
/// Reads the files of recordings in order and keeps the state that decisions were made in: sets, counters, policies. Allocates nothing for a decision, its readings and its counters. Strategies are made anew
/// and live as long as their recording goes on without a gap; whoever visits runs them. Not thread-safe.
/// </summary>
/// <param name="plugins">Makes strategies of plugins; null when none is here.</param>
public sealed partial class RecordingReader(HostedStrategyFactory? plugins = null)
{
    private static readonly long s_maxTicks = DateTime.MaxValue.Ticks;

    private readonly List<RoutingRequest> _shapes = [];
    private readonly List<Known> _strategies = [];
    private readonly List<string> _reasons = [];
    private readonly List<(EffectivePolicy Policy, Known Strategy)> _policies = [];
    private readonly List<Slot?> _sets = [];
    private readonly Dictionary<int, Known> _instances = [];
    private readonly RankedTarget[] _picks = new RankedTarget[RoutingRequest.MaxTargetsLimit];
    private RecordingHeader? _last;
    private ulong[] _prefix = new ulong[64];
    private ulong _session;
    private bool _whole;
    private long _time, _table, _number;

    /// <summary>Reads a file as far as it is whole.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="visitor">Hears what is in it.</param>
    public RecordedFile Read(ReadOnlySpan<byte> file, IRecordingVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        if (!RecordingFormat.TryReadHeader(file, out var header, out var problem)) return new(null, 0, 0, file.Length, problem);
        Begin(header);
        visitor.Began(header);
        var (at, blocks) = (RecordingFormat.HeaderBytes, 0);
        while (at < file.Length && problem.Length == 0)
        {
            var left = file[at..];
            if (left.Length < RecordingFormat.BlockHeaderBytes || BinaryPrimitives.ReadInt32LittleEndian(left) is var length && (length < 0 || length > left.Length - RecordingFormat.BlockHeaderBytes))
            {
                problem = $"block {blocks} at byte {at} is cut off";
                break;
            }
            var block = left.Slice(RecordingFormat.BlockHeaderBytes, BinaryPrimitives.ReadInt32LittleEndian(left));
            if (BinaryPrimitives.ReadUInt32LittleEndian(left[4..]) != RecordingFormat.Checksum(block))
            {
                problem = $"block {blocks} at byte {at} is damaged: its checksum does not hold";
                break;
            }
            try
            {
                Block(new(block), visitor);
            }
            catch (Exception e) when (e is FormatException or ArgumentException or IndexOutOfRangeException)
            {
                problem = $"block {blocks} at byte {at} is no block of version {header.Version}: {e.Message}";
                break;
            }
            blocks++;
            at += RecordingFormat.BlockHeaderBytes + block.Length;
        }
        if (problem.Length > 0) _whole = false;
        return new(header, blocks, _number - header.FirstDecision, file.Length - at, problem);
    }

    private void Begin(RecordingHeader header)
    {
        // What strategies have learned goes on from file to file, as long as none is missing.
        if (_last is not { } last || last.Recording != header.Recording)
        {
            _instances.Clear();
            _whole = header.File == 0;
        }
        else if (header.File != last.File + 1 || header.FirstDecision != _number)
        {
            _whole = false;
        }
        if (!_whole) foreach (var known in _instances.Values) known.Forget();
        (_last, _time, _table, _number) = (header, 0, 0, header.FirstDecision);
        _shapes.Clear();
        _strategies.Clear();
        _reasons.Clear();
        _policies.Clear();
        _sets.Clear();
    }

    private void Block(RecordingCursor cursor, IRecordingVisitor visitor)
    {
        while (!cursor.IsAtEnd)
        {
            switch ((RecordedEvent)cursor.Byte())
            {
                case RecordedEvent.Counter:
                    Counter(ref cursor);
                    break;
                case RecordedEvent.Decision:
                    Decision(ref cursor, visitor);
                    break;
                case RecordedEvent.Reading:
                    Reading(ref cursor);
                    break;
                case RecordedEvent.Followed:
                    Followed(ref cursor);
                    break;
                case RecordedEvent.Refreshed:
                    var refreshed = Tracked(cursor.Int());
                    refreshed.Refresh(cursor.Int(), _time + cursor.Signed());
                    break;
                case RecordedEvent.Sent:
                    Sent(ref cursor, visitor);
                    break;
                case RecordedEvent.Learned:
                    Learned(ref cursor, visitor);
                    break;
                case RecordedEvent.Ended:
                    Ended(ref cursor, visitor);
                    break;
                case RecordedEvent.Shape:
                    _shapes.Add(Shape(ref cursor));
                    break;
                case RecordedEvent.Strategy:
                    Strategy(ref cursor);
                    break;
                case RecordedEvent.Policy:
                    _policies.Add(Policy(ref cursor));
                    break;
                case RecordedEvent.Set:
                    Set(ref cursor);
                    break;
                case RecordedEvent.Rows:
                    Rows(ref cursor);
                    break;
                case RecordedEvent.Reason:
                    _reasons.Add(cursor.Text());
                    break;
                case var unknown:
                    throw new FormatException($"{(byte)unknown} is no event");
            }
        }
    }

    private void Decision(ref RecordingCursor cursor, IRecordingVisitor visitor)
    {
        int flags = cursor.Byte(), slot = cursor.Int();
        var set = slot == 0 ? null : SetOf(slot - 1);
        if (set is null && (flags & 3) != 0) throw new FormatException("a decision without a set that goes on from one");
        var (policy, strategy) = _policies[cursor.Int()];
        _time += cursor.Signed();
        if (_time < 0 || _time > s_maxTicks) throw new FormatException($"a decision at {_time}, which is no time");
        var sequence = (flags & 1) != 0 ? set!.NextSequence : cursor.Varint();
        var seed = (flags & 2) != 0 ? sequence + set!.SeedOffset : cursor.Fixed();
        if ((flags & 4) == 0) _table += cursor.Signed();
        if (set is not null) (set.NextSequence, set.SeedOffset) = (sequence + 1, seed - sequence);
        var request = Features(ref cursor);
        for (var q = 0; q < policy.Quotas.Count; q++) policy.Quotas[q].InFlight.Restore(cursor.Int(), 0);
        var result = (flags & 8) != 0 ? Routed(ref cursor) : new((DecisionOutcome)cursor.Byte(), 0, NoHedge, TimeSpan.FromTicks((long)cursor.Varint()));
        var fallback = (flags & 16) != 0 ? _reasons[cursor.Int()] : null;
        if (strategy.Strategy is ReplayedPlugin plugin) plugin.RecordedFallback = fallback;
        var decision = new RecordedDecision
        {
            Number = _number++,
            NowTicks = _time,
            TableVersion = _table,
            Targets = set?.Targets ?? s_none,
            Request = request,
            Session = _session,
            Policy = policy,
            Replayable = strategy.Of(fallback),
            Plugin = (strategy.Strategy as ReplayedPlugin)?.Plugin,
            Fallback = fallback,
            Sequence = sequence,
            Seed = seed,
            Again = (flags & 32) != 0,
            Result = result,
            Picks = _picks.AsSpan(0, result.Count),
        };
        visitor.Decided(decision);
    }

    private PickResult Routed(ref RecordingCursor cursor)
    {
        var count = cursor.Count(_picks.Length + 1);
        for (var i = 0; i < count; i++) _picks[i] = new(cursor.Int(), cursor.Double());
        var verdict = (HedgeVerdict)cursor.Byte();
        var hedge = verdict == HedgeVerdict.Planned ? new HedgePlan(verdict, cursor.Count(count), TimeSpan.FromTicks((long)cursor.Varint())) : new(verdict, -1, default);
        return new(DecisionOutcome.Routed, count, hedge, TimeSpan.Zero);
    }

    private RoutingRequest Features(ref RecordingCursor cursor)
    {
        var head = cursor.Varint();
        var request = _shapes[(int)Math.Min(head >> 2, int.MaxValue)];
        int prompt = (int)cursor.Signed(), output = (int)cursor.Signed();
        var payload = cursor.Signed();
        _session = (head & 1) != 0 ? cursor.Fixed() : 0;
        var blocks = 0;
        if ((head & 2) != 0)
        {
            blocks = cursor.Length();
            if (_prefix.Length < blocks) _prefix = new ulong[blocks * 2];
            for (var i = 0; i < blocks; i++) _prefix[i] = cursor.Fixed();
        }
        request.Become(prompt, output, payload, _session, _prefix.AsMemory(0, blocks));
        return request;
    }

    private void Sent(ref RecordingCursor cursor, IRecordingVisitor visitor)
    {
        var strategy = _strategies[cursor.Int()];
        var targets = SetOf(cursor.Int()).Targets;
        var row = cursor.Count(targets.Count);
        _time += cursor.Signed();
        var (sequence, seed) = (cursor.Varint(), cursor.Fixed());
        var request = Features(ref cursor);
        visitor.Sent(strategy.Strategy, new(targets, request, default, _time, sequence, seed), row);
    }

    private void Learned(ref RecordingCursor cursor, IRecordingVisitor visitor)
    {
        var flags = cursor.Byte();
        var strategy = _strategies[cursor.Int()];
        var target = (flags & 1) != 0 ? SetOf(cursor.Int()).Targets.Identity[cursor.Int()] : Identity(ref cursor);
        var model = (flags & 4) != 0 ? cursor.Text() : "";
        _time += cursor.Signed();
        int prompt = cursor.Int(), output = cursor.Int();
        var (expected, load, ttft, e2e) = (cursor.Double(), cursor.Number(), cursor.Double(), cursor.Double());
        var (batch, backlog) = (cursor.Number(), cursor.Number());
        visitor.Learned(strategy.Strategy, new(target, prompt, output, expected, load, ttft, e2e, (flags & 2) != 0, _time, default) { Model = model, BatchAtDispatch = batch, PrefillBacklogSeconds = backlog });
    }

    private void Ended(ref RecordingCursor cursor, IRecordingVisitor visitor)
    {
        var number = _number - (long)cursor.Varint();
        _time += cursor.Signed();
        var status = (RecordedStatus)cursor.Byte();
        var (ttft, e2e) = (cursor.Double(), cursor.Double());
        visitor.Ended(new(number, _time, status, ttft, e2e, cursor.Int(), cursor.Int()));
    }

    private static HedgePlan NoHedge => new(HedgeVerdict.NoSecondTarget, -1, default);

    /// <summary>A strategy of this replay.</summary>
    /// <param name="strategy">The strategy.</param>
    /// <param name="itself">Whether it can be run again.</param>
    /// <param name="fallback">Whether its fallback can; of a plugin's.</param>
    private sealed class Known(IRoutingStrategy strategy, Replayable itself, Replayable fallback = Replayable.Plugin)
    {
        private Replayable _itself = itself, _fallback = fallback;

        public IRoutingStrategy Strategy { get; } = strategy;

        /// <summary>Whether a decision can be made again that it made itself, or that its fallback made for a reason.</summary>
        public Replayable Of(string? why) => why is null ? _itself : _fallback;

        /// <summary>A part of what it learned is missing.</summary>
        public void Forget()
        {
            var plugin = Strategy as ReplayedPlugin;
            if (_itself == Replayable.Yes && (plugin?.Learns ?? Strategy is ILearningStrategy)) _itself = Replayable.MemoryUnknown;
            if (_fallback == Replayable.Yes && plugin is { FallbackLearns: true }) _fallback = Replayable.MemoryUnknown;
        }
    }
}
