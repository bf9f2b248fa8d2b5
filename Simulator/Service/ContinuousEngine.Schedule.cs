namespace InferMesh.Simulator.Service;

/// <content>Forms the batch of the next step, or of a run of steps.</content>
public sealed partial class ContinuousEngine
{
    private void Schedule(long nowNs, long restPs, IEngineEvents events)
    {
        var load = default(StepLoad);
        var budget = _maxTokens;
        Join(nowNs);
        var preempted = false;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            var tokens = Math.Min(budget, sequence.Needed - sequence.Computed);
            sequence.Emits = false;
            if (tokens == 0)
                continue;

            var blocks = BlockPool.For(sequence.Computed + tokens) - sequence.Blocks;
            while (blocks > _pool.Available && _running.Count > i)
            {
                PreemptNewest(nowNs, events);
                preempted = true;
            }

            if (i >= _running.Count)
                break;

            Grow(sequence, tokens, ref load);
            budget -= tokens;
        }

        if (!preempted)
            Admit(nowNs, budget, ref load, events);
        Begin(nowNs, restPs, load, preempted);
    }

    private void Admit(long nowNs, int budget, ref StepLoad load, IEngineEvents events)
    {
        while (budget > 0 && _running.Count < _maxSequences && Head() is { } head && head.ReadyNs <= nowNs)
        {
            if (head.Fetches)
            {
                if (!TryFetch(head, nowNs, events))
                    break;
                continue;
            }

            // The last prompt token is always computed: without it there is nothing to sample from.
            var prefix = Prefix(head);
            var hits = _pool.Match(prefix[..Math.Min(prefix.Length, (head.Needed - 1) / BlockPool.BlockTokens)], out var idle);
            var cached = hits * BlockPool.BlockTokens;
            var tokens = Math.Min(budget, head.Needed - cached);
            if (BlockPool.For(_reserve ? head.Needed : cached + tokens) - hits > _pool.Available - idle)
                break;

            _queue.RemoveFirst();
            for (var i = 0; i < hits; i++)
                _pool.Hold(prefix[i]);
            (head.Blocks, head.Shared, head.Computed, head.Running) = (hits, hits, cached, true);
            ReusedTokens += cached;
            _running.Add(head);
            if (!head.Started)
            {
                head.Started = true;
                events.Started(head.Request.Id, nowNs);
            }

            Grow(head, tokens, ref load);
            budget -= tokens;
        }
    }

    private void Grow(Sequence sequence, int tokens, ref StepLoad load)
    {
        if (sequence.Decodes)
        {
            load.Decodes++;
            load.DecodeContext += sequence.Computed + 1;
        }
        else
        {
            load.Prefills++;
            load.PrefillTokens += tokens;
            load.PrefillHistory += (long)tokens * sequence.Computed;
            load.PrefillSquares += (long)tokens * tokens;
        }

        Occupy(sequence, tokens);
        sequence.Emits = sequence.Computed == sequence.Needed;
    }

    private void Occupy(Sequence sequence, int tokens)
    {
        sequence.Computed += tokens;
        var blocks = BlockPool.For(sequence.Computed);
        _pool.Take(blocks - sequence.Blocks);
        sequence.Blocks = blocks;

        // As in vLLM, a block is there for others as soon as the step that fills it is scheduled: the same step writes it before they read it.
        var prefix = Prefix(sequence);
        var full = Math.Min(prefix.Length, sequence.Computed / BlockPool.BlockTokens);
        while (sequence.Shared < full)
            _pool.Share(prefix[sequence.Shared++]);
    }

    private void PreemptNewest(long nowNs, IEngineEvents events)
    {
        var sequence = _running[^1];
        _running.RemoveAt(_running.Count - 1);
        Release(sequence);
        _queue.AddFirst(sequence);
        Preemptions++;
        events.Preempted(sequence.Request.Id, nowNs);
    }

    private void Begin(long nowNs, long restPs, in StepLoad load, bool preempted)
    {
        _inFlight = load.Sequences > 0;
        if (!_inFlight)
        {
            // Whoever lost its place to blocks that are under way may find another at once. Whoever is ready and finds none waits for the next change.
            var ready = Head()?.ReadyNs ?? long.MaxValue;
            NextNs = preempted ? nowNs : Math.Min(ready > nowNs ? ready : long.MaxValue, NextArrivalNs(nowNs));
            return;
        }

        _run = new StepRun { StartNs = nowNs, RestPs = restPs, FirstPs = _stepTime.Picoseconds(load), Steps = 1 };
        _blocked = false;
        if (load.Decodes == _running.Count && !preempted)
            Lengthen(nowNs, load.Decodes);
        NextNs = _run.EndNs(_run.Steps);
    }

    private void Lengthen(long nowNs, int decodes)
    {
        var slope = _stepTime.ContextSlopePicoseconds(decodes);
        if (slope < 0)
            return;

        var steps = int.MaxValue;
        foreach (var sequence in _running)
            steps = Math.Min(steps, sequence.Request.OutputTokens - sequence.Generated);
        _run.IncrementPs = slope * decodes;
        _run.Steps = FitBlocks(steps);

        var arrival = NextArrivalNs(nowNs);
        if (arrival < long.MaxValue)
            _run.Steps = _run.StepsUntil(arrival);

        // Whoever waits at the head although it is ready cannot be admitted before one of these finishes: they only take more blocks.
        if (Head() is not { } head)
            return;
        if (head.ReadyNs > nowNs)
            _run.Steps = Math.Min(_run.Steps, _run.StepsUntil(head.ReadyNs));
        else
            _blocked = true;
    }

    private int FitBlocks(int steps)
    {
        if (BlocksToGrow(steps - 1) <= _pool.Available)
            return steps;

        var (low, high) = (1, steps);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (BlocksToGrow(middle - 1) <= _pool.Available)
                low = middle;
            else
                high = middle;
        }

        return low;
    }

    private int BlocksToGrow(int tokens)
    {
        var blocks = 0;
        if (tokens <= 0)
            return blocks;

        foreach (var sequence in _running)
            blocks += BlockPool.For(sequence.Computed + tokens) - sequence.Blocks;
        return blocks;
    }

    private ReadOnlySpan<ulong> Prefix(Sequence sequence)
    {
        var full = sequence.Request.PromptTokens / BlockPool.BlockTokens;
        var prefix = sequence.Request.Prefix;
        return !_reuse ? default : prefix.Length <= full ? prefix.Span : prefix.Span[..full];
    }
}
