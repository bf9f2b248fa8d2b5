using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Learning;

/// <summary>A target that holds a start of the prompt.</summary>
/// <param name="Row">Its position among the targets.</param>
/// <param name="SavedBlocks">Blocks of prefill that it saves.</param>
internal readonly record struct HeldPrefix(int Row, double SavedBlocks);

/// <summary>
/// Which targets of a model hold which prompts. Targets get numbers of the index as they are first used, and lose them when they leave the routing table or, in a fleet
/// larger than the index, when they were used longest ago. Thread-safe.
/// </summary>
/// <param name="blocksPerTarget">Blocks that one target holds.</param>
/// <param name="precise">
/// Whether the engines' events are listened to, which tell of what other routers sent and of what was computed along the way. What was sent is believed in both cases: its events
/// are still to come and, where requests queue for room in the cache, a prefix that was dropped is there again by the time that the next request with it starts. Without that
/// belief a full fleet takes every prompt for unknown, scatters it, and stays full.
/// </param>
internal sealed class PrefixMemory(int blocksPerTarget, bool precise)
{
    /// <summary>Most targets that one decision credits: the longest matches.</summary>
    public const int MaxMatches = 256;

    private const double ColdRate = 0.05;

    private readonly TargetMemory<Row, Model> _memory = new(() => new(blocksPerTarget, precise), moved: static (model, to) => model.Move(to));

    public bool Precise => precise;

    /// <summary>The targets that hold a start of the prompt; returns how many.</summary>
    public int Find(in RankingInput input, Span<HeldPrefix> held)
    {
        var chain = input.Request.Prefix.Span;
        if (chain.IsEmpty) return 0;
        var view = _memory.For(input.Targets);
        Span<PrefixMatch> matches = stackalloc PrefixMatch[MaxMatches];
        lock (_memory.Gate)
        {
            if (!ReferenceEquals(view, _memory.For(input.Targets))) return 0;
            var count = 0;
            foreach (var match in matches[..view.Model.Sent.Lookup(chain, matches)]) held[count++] = new(view.Model.RowOf(match.Target), match.Credit);
            if (view.Model.Told is not { } told) return count;

            // Position of each number among the matches, plus one.
            Span<short> at = stackalloc short[PrefixIndex.MaxTargets];
            for (var i = 0; i < count; i++) at[matches[i].Target] = (short)(i + 1);
            foreach (var match in matches[..told.Lookup(chain, matches)])
            {
                var i = at[match.Target] - 1;
                if (i < 0 && count < held.Length) held[count++] = new(view.Model.RowOf(match.Target), match.Credit);
                else if (i < 0) i = Shortest(held);
                if (i >= 0 && held[i].SavedBlocks < match.Credit) held[i] = new(view.Model.RowOf(match.Target), match.Credit);
            }
            return count;
        }
    }

    private static int Shortest(ReadOnlySpan<HeldPrefix> held)
    {
        var shortest = 0;
        for (var i = 1; i < held.Length; i++) if (held[i].SavedBlocks < held[shortest].SavedBlocks) shortest = i;
        return shortest;
    }

    /// <summary>Share of prompt tokens lately that had to be computed, 0..1; 1 while nothing is known.</summary>
    public double ColdShare(in RankingInput input) => Volatile.Read(ref _memory.For(input.Targets).Model.Cold);

    /// <summary>A request was sent to the target.</summary>
    public void Dispatched(in RankingInput input, int target)
    {
        var chain = input.Request.Prefix.Span;
        var view = _memory.For(input.Targets);
        lock (_memory.Gate)
        {
            if (!ReferenceEquals(view, _memory.For(input.Targets))) return;
            var number = Number(view, target);
            var tokens = Math.Max(input.Request.PromptTokens, 1);
            var known = Math.Max(view.Model.Sent.Match(number, chain), view.Model.Told?.Match(number, chain) ?? 0);
            var cold = 1 - Math.Min(1, known * BlockHash.BlockTokens / (double)tokens);
            Volatile.Write(ref view.Model.Cold, view.Model.Cold + ColdRate * (cold - view.Model.Cold));
            view.Model.Sent.Insert(number, chain);
        }
    }

    /// <summary>See <see cref="IKvEventStrategy.KvStored"/> and <see cref="IKvEventStrategy.KvRemoved"/>.</summary>
    public bool Heard(TargetIdentity target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier, bool stored)
    {
        if (!precise) return true;
        var whole = true;
        lock (_memory.Gate)
        {
            foreach (var view in _memory.Views)
            {
                var row = view.RowOf(target);
                if (row < 0) continue;
                var number = Number(view, row);
                whole &= stored ? view.Model.Told!.Stored(number, sequence, blocks, tier) : view.Model.Told!.Removed(number, sequence, blocks, tier);
            }
        }
        return whole;
    }

    private static int Number(TargetMemory<Row, Model>.View view, int row)
    {
        ref var number = ref view.Rows[row].Number;
        if (number == 0)
        {
            number = view.Model.Take(row, out var lost) + 1;
            if (lost >= 0) view.Rows[lost].Number = 0;
        }
        view.Model.Use(number - 1);
        return number - 1;
    }

    private struct Row
    {
        /// <summary>Number in the index plus one; 0 when it has none.</summary>
        public int Number;
    }

    private sealed class Model(int blocksPerTarget, bool precise)
    {
        public double Cold = 1;
        private readonly List<(int Row, long Used)> _numbers = [];
        private readonly Stack<int> _free = new();
        private long _uses;

        public PrefixIndex Sent { get; } = new(blocksPerTarget);

        public PrefixIndex? Told { get; } = precise ? new(blocksPerTarget, precise: true) : null;

        public int RowOf(int number) => _numbers[number].Row;

        public void Use(int number) => _numbers[number] = _numbers[number] with { Used = ++_uses };

        /// <summary>A number for a row; <paramref name="lostRow"/> is the row that had to give up its own, or -1.</summary>
        public int Take(int row, out int lostRow)
        {
            lostRow = -1;
            if (!_free.TryPop(out var number))
            {
                number = _numbers.Count;
                if (number < PrefixIndex.MaxTargets)
                {
                    _numbers.Add((row, 0));
                    return number;
                }
                number = 0;
                for (var i = 1; i < _numbers.Count; i++) if (_numbers[i].Used < _numbers[number].Used) number = i;
                lostRow = _numbers[number].Row;
                Clear(number);
            }
            _numbers[number] = (row, 0);
            return number;
        }

        public void Move(int[] to)
        {
            for (var number = 0; number < _numbers.Count; number++)
            {
                var row = _numbers[number].Row;
                if (row < 0) continue;
                _numbers[number] = _numbers[number] with { Row = to[row] };
                if (to[row] >= 0) continue;
                Clear(number);
                _free.Push(number);
            }
        }

        private void Clear(int number)
        {
            Sent.Clear(number);
            Told?.Clear(number);
        }
    }
}
