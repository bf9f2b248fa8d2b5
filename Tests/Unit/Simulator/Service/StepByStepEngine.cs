using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

/// <summary>The same rules, one step at a time and as plainly as possible: what <see cref="ContinuousEngine"/> is compared with. No prefix cache.</summary>
internal sealed class StepByStepEngine(IStepTime time, int maxTokens, int maxSequences, int blocks)
{
    private sealed class Item
    {
        public int Id, Prompt, Output, Computed, Generated, Planned;
        public bool Started;
        public long LastNs;

        public int Blocks => (Computed + 15) / 16;
    }

    private readonly List<Item> _waiting = [];
    private readonly List<Item> _running = [];
    private bool _inFlight;
    private long _startNs, _restPs;

    public long NextNs { get; private set; } = long.MaxValue;

    public int Running => _running.Count;

    public int Waiting => _waiting.Count;

    public double Usage => (double)Used / blocks;

    private int Used => _running.Sum(i => i.Blocks);

    public void Submit(in SimRequest request, long nowNs)
    {
        _waiting.Add(new Item { Id = request.Id, Prompt = request.PromptTokens, Output = request.OutputTokens });
        if (!_inFlight) NextNs = Math.Min(NextNs, nowNs);
    }

    public bool Cancel(int id)
    {
        var found = _waiting.RemoveAll(i => i.Id == id) + _running.RemoveAll(i => i.Id == id) > 0;
        if (!_inFlight && _waiting.Count == 0) NextNs = long.MaxValue;
        return found;
    }

    public void Advance(long nowNs, IEngineEvents events)
    {
        if (_inFlight) Complete(nowNs, events);
        else _restPs = 0;
        Schedule(nowNs, events);
    }

    private void Complete(long nowNs, IEngineEvents events)
    {
        foreach (var item in _running.Where(i => i.Planned > 0 && i.Computed == i.Prompt + i.Generated).ToList())
        {
            item.Generated++;
            if (item.Generated == 1) events.FirstToken(item.Id, nowNs);
            else events.Gaps(item.Id, nowNs - item.LastNs, 1);
            item.LastNs = nowNs;
            if (item.Generated < item.Output) continue;
            _running.Remove(item);
            events.Finished(item.Id, nowNs);
        }
    }

    private void Schedule(long nowNs, IEngineEvents events)
    {
        var load = new StepLoad();
        var (budget, preempted) = (maxTokens, false);
        for (var i = 0; i < _running.Count; i++)
        {
            var item = _running[i];
            var tokens = Math.Min(budget, item.Prompt + item.Generated - item.Computed);
            item.Planned = 0;
            if (tokens == 0) continue;
            while (i < _running.Count && Used - item.Blocks + (item.Computed + tokens + 15) / 16 > blocks)
            {
                var newest = _running[^1];
                _running.RemoveAt(_running.Count - 1);
                newest.Computed = 0;
                _waiting.Insert(0, newest);
                events.Preempted(newest.Id, nowNs);
                preempted = true;
            }

            if (i < _running.Count) budget -= Plan(item, tokens, ref load);
        }

        while (!preempted && budget > 0 && _running.Count < maxSequences && _waiting.Count > 0)
        {
            var head = _waiting[0];
            var needed = head.Prompt + head.Generated;
            if (Used + (needed + 15) / 16 > blocks) break;
            _waiting.RemoveAt(0);
            _running.Add(head);
            if (!head.Started) events.Started(head.Id, nowNs);
            head.Started = true;
            budget -= Plan(head, Math.Min(budget, needed), ref load);
        }

        _inFlight = load.Sequences > 0;
        _startNs = nowNs;
        if (!_inFlight)
        {
            NextNs = long.MaxValue;
            return;
        }

        var ps = _restPs + time.Picoseconds(load);
        NextNs = _startNs + ps / 1000;
        _restPs = ps % 1000;
    }

    private static int Plan(Item item, int tokens, ref StepLoad load)
    {
        if (item.Generated > 0 && item.Computed == item.Prompt + item.Generated - 1)
        {
            load.Decodes++;
            load.DecodeContext += item.Computed + 1;
        }
        else
        {
            load.Prefills++;
            load.PrefillTokens += tokens;
            load.PrefillHistory += (long)tokens * item.Computed;
            load.PrefillSquares += (long)tokens * tokens;
        }

        item.Computed += tokens;
        item.Planned = tokens;
        return tokens;
    }
}
