namespace InferMesh.Simulator.Service;

/// <content>Prefill and decode on different engines: one holds its blocks until they are fetched, the other has room for them before they come, as vLLM's KV connectors do.</content>
public sealed partial class ContinuousEngine
{
    // Three years: so slow a link is as good as none, and times stay countable.
    private const double LongestTransferNs = 1e17;

    private readonly Dictionary<int, Sequence> _held = [];
    private readonly List<Sequence> _fetching = [];

    /// <summary>Takes a request of which only the first token is made here; its blocks stay until <see cref="Free"/>. False when it can never fit.</summary>
    public bool SubmitPrefill(in SimRequest request, long nowNs)
    {
        if (!Submit(request with { OutputTokens = 1 }, nowNs))
            return false;

        _byId[request.Id].Holds = true;
        return true;
    }

    /// <summary>Takes a request whose first token was made elsewhere. When its turn comes it takes blocks for its prompt, fetches what the prefix cache lacks, and then decodes. False when it can never fit.</summary>
    /// <param name="request">The request, two output tokens or more.</param>
    /// <param name="firstTokenNs">When its first token came out.</param>
    /// <param name="link">From the engine that has its blocks.</param>
    /// <param name="nowNs">Now.</param>
    public bool SubmitDecode(in SimRequest request, long firstTokenNs, in KvLink link, long nowNs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.OutputTokens, 2, nameof(request));
        if (!Submit(request, nowNs))
            return false;

        var sequence = _byId[request.Id];
        (sequence.Fetches, sequence.Link, sequence.Generated, sequence.LastTokenNs) = (true, link, 1, firstTokenNs);
        return true;
    }

    /// <summary>Lets go of the blocks of a request that was prefilled here; false when there are none.</summary>
    public bool Free(int request, long nowNs)
    {
        if (!_held.Remove(request, out var sequence))
            return false;

        Release(sequence);
        _spare.Push(sequence);
        RoomChanged(nowNs);
        return true;
    }

    /// <summary>Room for what is fetched is taken now, so that it has a place when it comes.</summary>
    private bool TryFetch(Sequence head, long nowNs, IEngineEvents events)
    {
        var prefix = Prefix(head);
        var hits = _pool.Match(prefix, out var idle);
        var blocks = BlockPool.For(head.Request.PromptTokens) - hits;
        if (blocks > _pool.Available - idle)
            return false;

        _queue.RemoveFirst();
        for (var i = 0; i < hits; i++)
            _pool.Hold(prefix[i]);
        _pool.Take(blocks);
        (head.Blocks, head.Shared, head.Started) = (hits + blocks, hits, true);
        head.ArrivesNs = nowNs + (long)Math.Clamp(head.Link.FixedNs + Math.Ceiling(blocks * head.Link.NsPerBlock), 1, LongestTransferNs);
        _fetching.Add(head);
        events.Started(head.Request.Id, nowNs);
        events.Fetching(head.Request.Id, nowNs, head.ArrivesNs, blocks);
        return true;
    }

    /// <summary>Those whose blocks have come join the batch, first come first.</summary>
    private void Join(long nowNs)
    {
        var kept = 0;
        for (var i = 0; i < _fetching.Count; i++)
        {
            var sequence = _fetching[i];
            if (sequence.ArrivesNs > nowNs || _running.Count >= _maxSequences)
            {
                _fetching[kept++] = sequence;
                continue;
            }

            (sequence.Fetches, sequence.Running) = (false, true);
            Occupy(sequence, sequence.Request.PromptTokens);
            _running.Add(sequence);
        }

        _fetching.RemoveRange(kept, _fetching.Count - kept);
    }

    /// <summary>When the next blocks come that are still under way.</summary>
    private long NextArrivalNs(long nowNs)
    {
        var next = long.MaxValue;
        foreach (var sequence in _fetching)
        {
            if (sequence.ArrivesNs > nowNs)
                next = Math.Min(next, sequence.ArrivesNs);
        }

        return next;
    }

    private void RoomChanged(long nowNs)
    {
        if (_inFlight)
            Cut(nowNs);
        else
            NextNs = Math.Min(Math.Max(nowNs, Head()?.ReadyNs ?? long.MaxValue), NextArrivalNs(nowNs));
    }
}
