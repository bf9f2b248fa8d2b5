namespace InferMesh.Simulator.Service;

/// <summary>
/// The original's node with honest timers. Requests of one type gather in a batch until it is full or its window is over; then it waits for a place and for memory. The
/// active batches share the GPU's rate (processor sharing), and a batch gives its place and its memory back when it is done. First tokens come when the batch's prompts are done.
/// </summary>
/// <param name="settings">The GPU.</param>
public sealed class TokenRateEngine(TokenRateSettings settings) : INodeEngine
{
    private const int Types = 3;

    // Positions are sums of doubles: what is this close is there.
    private const double Slack = 1e-6;

    // Inline: an idle node of a large fleet is one small object.
    private TokenRateBatch[] _batches = [];
    private TokenRateQueue _llm, _vision, _asr;
    private (long Llm, long Vision, long Asr) _openSinceNs;
    private int _active, _running;
    private double _position, _usedGb, _busyNs;
    private long _atNs;

    /// <inheritdoc/>
    public long NextNs { get; private set; } = long.MaxValue;

    /// <inheritdoc/>
    public long BlocksInUse => _running;

    private int Waiting => _llm.Count + _vision.Count + _asr.Count;

    /// <inheritdoc/>
    public bool Submit(in SimRequest request, long nowNs)
    {
        if (settings.GbOf(request.Type) > settings.MemoryGb) return false;
        ref var queue = ref Queue(request.Type);
        if (queue.Count == 0) OpenSince(request.Type) = nowNs;
        queue.Enqueue(new(request.Id, request.Type, request.PromptTokens, request.OutputTokens));
        Schedule(nowNs);
        return true;
    }

    /// <inheritdoc/>
    public bool Cancel(int request, long nowNs)
    {
        if (_llm.Remove(request) || _vision.Remove(request) || _asr.Remove(request))
        {
            Schedule(nowNs);
            return true;
        }
        for (var b = 0; b < _active; b++)
        {
            for (var i = 0; i < _batches[b].Count; i++)
            {
                // A batch computes as a whole: the place stays taken until it is done.
                ref var item = ref _batches[b].Items![i];
                if (item.Id != request) continue;
                item = item with { Id = -1 };
                return true;
            }
        }
        return false;
    }

    /// <inheritdoc/>
    public void Advance(long nowNs, IEngineEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        Progress(nowNs);
        for (var b = 0; b < _active; b++)
        {
            if (_batches[b].FirstTokenAt <= _position + Slack) FirstTokens(ref _batches[b], nowNs, events);
        }
        for (var b = _active - 1; b >= 0; b--)
        {
            if (_batches[b].EndAt <= _position + Slack) Finish(b, nowNs, events);
        }
        for (var type = 0; type < Types; type++)
        {
            while (Due((RequestType)type) <= nowNs && Close((RequestType)type, nowNs, events))
            {
            }
        }
        Schedule(nowNs);
    }

    /// <inheritdoc/>
    public EngineReading Read(long nowNs) => new(nowNs, _running, Waiting, _usedGb / settings.MemoryGb);

    /// <inheritdoc/>
    public void Crash(long nowNs, List<int> lost)
    {
        ArgumentNullException.ThrowIfNull(lost);
        Progress(nowNs);
        for (var b = 0; b < _active; b++)
        {
            for (var i = 0; i < _batches[b].Count; i++)
            {
                if (_batches[b].Items![i].Id >= 0) lost.Add(_batches[b].Items![i].Id);
            }
        }
        _llm.Clear(lost);
        _vision.Clear(lost);
        _asr.Clear(lost);
        (_active, _running, _usedGb) = (0, 0, 0);
        NextNs = long.MaxValue;
    }

    /// <inheritdoc/>
    public double BusySeconds(long nowNs) => (_busyNs + (_active > 0 ? nowNs - _atNs : 0)) / 1e9;

    private ref TokenRateQueue Queue(RequestType type)
    {
        switch (type)
        {
            case RequestType.Vision: return ref _vision;
            case RequestType.Asr: return ref _asr;
            default: return ref _llm;
        }
    }

    private ref long OpenSince(RequestType type)
    {
        switch (type)
        {
            case RequestType.Vision: return ref _openSinceNs.Vision;
            case RequestType.Asr: return ref _openSinceNs.Asr;
            default: return ref _openSinceNs.Llm;
        }
    }

    /// <summary>When the open batch of a type may start, as far as places and memory allow; never while they do not.</summary>
    private long Due(RequestType type)
    {
        ref var queue = ref Queue(type);
        if (queue.Count == 0 || _active == settings.Concurrency || Room(type) == 0) return long.MaxValue;
        return queue.Count >= settings.MaxBatch ? long.MinValue : OpenSince(type) + settings.BatchWindowNs;
    }

    private int Room(RequestType type) => (int)Math.Floor((settings.MemoryGb - _usedGb) / settings.GbOf(type) + 1e-9);

    private bool Close(RequestType type, long nowNs, IEngineEvents events)
    {
        ref var queue = ref Queue(type);
        var size = Math.Min(Math.Min(queue.Count, settings.MaxBatch), Room(type));
        if (size == 0) return false;
        if (_active == _batches.Length) Array.Resize(ref _batches, Math.Min(settings.Concurrency, Math.Max(1, _batches.Length * 2)));
        ref var batch = ref _batches[_active++];
        if (batch.Items is null || batch.Items.Length < size) batch.Items = new TokenRateItem[size];
        (batch.Count, batch.Gb) = (size, size * settings.GbOf(type));
        double first = 0, all = 0;
        for (var i = 0; i < size; i++)
        {
            var item = queue.Dequeue();
            batch.Items[i] = item;
            var (prompt, whole) = TokenRateSettings.WorkOf(type, item.PromptTokens, item.OutputTokens);
            (first, all) = (first + prompt, all + whole);
            events.Started(item.Id, nowNs);
        }
        (batch.FirstTokenAt, batch.EndAt) = (_position + first, _position + all);
        _usedGb += batch.Gb;
        _running += size;
        OpenSince(type) = nowNs;
        return true;
    }

    private static void FirstTokens(ref TokenRateBatch batch, long nowNs, IEngineEvents events)
    {
        (batch.FirstTokenAt, batch.FirstTokenNs) = (double.NaN, nowNs);
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.Items![i].Id >= 0) events.FirstToken(batch.Items[i].Id, nowNs);
        }
    }

    private void Finish(int b, long nowNs, IEngineEvents events)
    {
        var batch = _batches[b];
        for (var i = 0; i < batch.Count; i++)
        {
            var item = batch.Items![i];
            if (item.Id < 0) continue;
            // The model has no steps: output comes out evenly from the first token to the end.
            if (item.OutputTokens > 1) events.Gaps(item.Id, (nowNs - batch.FirstTokenNs) / (item.OutputTokens - 1), item.OutputTokens - 1);
            events.Finished(item.Id, nowNs);
        }
        _running -= batch.Count;
        _usedGb = _running == 0 ? 0 : _usedGb - batch.Gb;
        // The last one takes its place, and leaves it its arrays.
        (_batches[b], _batches[_active - 1]) = (_batches[_active - 1], batch);
        _active--;
    }

    private void Progress(long nowNs)
    {
        if (_active > 0)
        {
            _position += (nowNs - _atNs) / 1e9 * settings.TokensPerSecond / _active;
            _busyNs += nowNs - _atNs;
        }
        else
        {
            // Idle: begin anew, so that sums stay small and exact.
            _position = 0;
        }
        _atNs = nowNs;
    }

    private void Schedule(long nowNs)
    {
        Progress(nowNs);
        var next = long.MaxValue;
        for (var type = 0; type < Types; type++) next = Math.Min(next, Math.Max(Due((RequestType)type), nowNs));
        for (var b = 0; b < _active; b++)
        {
            var left = Math.Max(0, _batches[b].NextAt - _position) * _active / settings.TokensPerSecond * 1e9;
            next = Math.Min(next, nowNs + (long)Math.Ceiling(left));
        }
        NextNs = next;
    }
}
