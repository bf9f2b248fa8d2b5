namespace InferMesh.Simulator.World;

/// <summary>
/// Iteration-level continuous batching (Orca, OSDI 2022) with chunked prefill (Sarathi-Serve, OSDI 2024): every step gives each decoding
/// sequence one token and spends what is left of the token budget on prompts, oldest first. Pure: no clock, no randomness.
/// </summary>
/// <remarks>
/// A sequence is admitted in FIFO order when a slot is free and the KV blocks of its whole prompt and output can be promised, so
/// nothing is ever preempted; a head that does not fit holds the queue. Not thread safe.
/// </remarks>
public sealed class ContinuousBatch
{
    /// <summary>Tokens of one KV-cache block.</summary>
    public const int BlockTokens = 16;

    private readonly Dictionary<long, Sequence> _byId = [];
    private readonly Queue<Sequence> _waiting = new();
    private readonly List<Sequence> _running;
    private readonly IdBuffer _admitted, _firstTokens, _tokens, _finished;
    private readonly int _totalBlocks;
    private int _reservedBlocks;
    private int _usedBlocks;

    /// <summary>Makes an empty batch for one runtime.</summary>
    /// <param name="profile">Timing and limits.</param>
    /// <exception cref="ArgumentException">A limit of the profile is not positive.</exception>
    public ContinuousBatch(GpuProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        if (profile.MaxConcurrentSequences < 1 || profile.MaxBatchedTokens < 1 || profile.KvCapacityTokens < BlockTokens
            || !(profile.PrefillTokensPerSecond > 0) || !(profile.StepBaseSeconds > 0))
        {
            throw new ArgumentException($"The profile {profile.Name} has a limit that is not positive.", nameof(profile));
        }

        Profile = profile;
        _totalBlocks = profile.KvCapacityTokens / BlockTokens;
        var slots = profile.MaxConcurrentSequences;
        _running = new List<Sequence>(Math.Min(slots, 1024));
        _admitted = new IdBuffer(slots);
        _firstTokens = new IdBuffer(slots);
        _tokens = new IdBuffer(slots);
        _finished = new IdBuffer(slots);
    }

    /// <summary>Timing and limits of this batch.</summary>
    public GpuProfile Profile { get; }

    /// <summary>Sequences that hold a slot.</summary>
    public int Running => _running.Count;

    /// <summary>Sequences that wait for admission.</summary>
    public int Waiting => _byId.Count - _running.Count;

    /// <summary>Share of the KV blocks that hold tokens, 0 to 1.</summary>
    public double KvUsage => (double)_usedBlocks / _totalBlocks;

    /// <summary>Share of the KV blocks that are promised to running sequences, 0 to 1; never below <see cref="KvUsage"/>.</summary>
    public double KvReserved => (double)_reservedBlocks / _totalBlocks;

    /// <summary>KV blocks that hold tokens.</summary>
    public int UsedBlocks => _usedBlocks;

    /// <summary>Appends a sequence to the waiting queue.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Prompt or output is below one token.</exception>
    public SubmitResult Submit(SequenceSpec spec)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(spec.PromptTokens, 1, nameof(spec));
        ArgumentOutOfRangeException.ThrowIfLessThan(spec.OutputTokens, 1, nameof(spec));
        if (BlocksOf((long)spec.PromptTokens + spec.OutputTokens) > _totalBlocks)
            return SubmitResult.TooLarge;

        var sequence = new Sequence(spec);
        if (!_byId.TryAdd(spec.Id, sequence))
            return SubmitResult.DuplicateId;

        _waiting.Enqueue(sequence);
        return SubmitResult.Accepted;
    }

    /// <summary>Removes a waiting or running sequence and frees its blocks at once.</summary>
    /// <returns>False when no such sequence waits or runs.</returns>
    public bool Cancel(long id)
    {
        if (!_byId.Remove(id, out var sequence))
            return false;

        // One that still waits stays in the queue as a tombstone: removing from the middle would cost a scan.
        sequence.Cancelled = true;
        if (sequence.Admitted && _running.Remove(sequence))
            Release(sequence);
        return true;
    }

    /// <summary>Whether a sequence was submitted and not yet admitted.</summary>
    public bool IsWaiting(long id) => _byId.TryGetValue(id, out var sequence) && !sequence.Admitted;

    /// <summary>Runs one step and says how long it takes and who got a token.</summary>
    public StepResult Step()
    {
        _admitted.Clear();
        _firstTokens.Clear();
        _tokens.Clear();
        _finished.Clear();

        var load = ScheduleRunning(Profile.MaxBatchedTokens);
        load = Admit(load);
        if (load.Sequences == 0)
            return default;

        Retire();
        var seconds = Math.Max(Profile.StepBaseSeconds, load.Prefill / Profile.PrefillTokensPerSecond)
            + load.Sequences * Profile.StepPerSequenceSeconds
            + load.ContextTokens * Profile.StepPerKvTokenSeconds;
        return new StepResult(
            TimeSpan.FromTicks(Math.Max(1, (long)(seconds * TimeSpan.TicksPerSecond))),
            load.Prefill, _tokens.Count, _admitted.View, _firstTokens.View, _tokens.View, _finished.View);
    }

    private StepLoad ScheduleRunning(int budget)
    {
        var load = new StepLoad { Budget = budget };

        // Decodes first: a long prompt must not stall the tokens of those that already stream.
        foreach (var sequence in _running)
        {
            if (sequence.IsPrefilled && load.Budget > 0)
            {
                load.Budget--;
                load.Sequences++;
                load.ContextTokens += sequence.KvTokens;
                Emit(sequence);
            }
        }

        foreach (var sequence in _running)
        {
            if (!sequence.IsPrefilled && load.Budget > 0)
                Prefill(sequence, ref load);
        }

        return load;
    }

    private StepLoad Admit(StepLoad load)
    {
        while (load.Budget > 0 && _running.Count < Profile.MaxConcurrentSequences && _waiting.TryPeek(out var head))
        {
            if (head.Cancelled)
            {
                _waiting.Dequeue();
                continue;
            }

            if (_reservedBlocks + head.ReservedBlocks > _totalBlocks)
                break;

            _waiting.Dequeue();
            head.Admitted = true;
            _reservedBlocks += head.ReservedBlocks;
            _running.Add(head);
            _admitted.Add(head.Spec.Id);
            Prefill(head, ref load);
        }

        return load;
    }

    private void Prefill(Sequence sequence, ref StepLoad load)
    {
        var chunk = Math.Min(load.Budget, sequence.Spec.PromptTokens - sequence.Prefilled);
        load.Budget -= chunk;
        load.Prefill += chunk;
        load.Sequences++;
        sequence.Prefilled += chunk;
        if (sequence.IsPrefilled)
        {
            _firstTokens.Add(sequence.Spec.Id);
            Emit(sequence);
        }
        else
        {
            Occupy(sequence);
        }
    }

    private void Emit(Sequence sequence)
    {
        sequence.Generated++;
        _tokens.Add(sequence.Spec.Id);
        Occupy(sequence);
    }

    private void Occupy(Sequence sequence)
    {
        var blocks = BlocksOf(sequence.KvTokens);
        _usedBlocks += blocks - sequence.UsedBlocks;
        sequence.UsedBlocks = blocks;
    }

    private void Retire()
    {
        var kept = 0;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.Generated < sequence.Spec.OutputTokens)
            {
                _running[kept++] = sequence;
                continue;
            }

            Release(sequence);
            _byId.Remove(sequence.Spec.Id);
            _finished.Add(sequence.Spec.Id);
        }

        _running.RemoveRange(kept, _running.Count - kept);
    }

    private void Release(Sequence sequence)
    {
        _reservedBlocks -= sequence.ReservedBlocks;
        _usedBlocks -= sequence.UsedBlocks;
    }

    private static int BlocksOf(long tokens) => (int)Math.Min(int.MaxValue, (tokens + BlockTokens - 1) / BlockTokens);

    private struct StepLoad
    {
        public int Budget, Prefill, Sequences;
        public long ContextTokens;
    }

    private sealed class Sequence(SequenceSpec spec)
    {
        public readonly SequenceSpec Spec = spec;
        public readonly int ReservedBlocks = BlocksOf((long)spec.PromptTokens + spec.OutputTokens);
        public int Prefilled, Generated, UsedBlocks;
        public bool Admitted, Cancelled;

        public bool IsPrefilled => Prefilled == Spec.PromptTokens;

        public int KvTokens => Prefilled + Generated;
    }

    private sealed class IdBuffer(int capacity)
    {
        private readonly long[] _ids = new long[capacity];

        public int Count { get; private set; }

        public ReadOnlyMemory<long> View => _ids.AsMemory(0, Count);

        public void Add(long id) => _ids[Count++] = id;

        public void Clear() => Count = 0;
    }
}
