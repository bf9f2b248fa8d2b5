namespace InferMesh.Simulator.Service;

/// <content>Ends a step, or a run of steps: tokens, gaps and what is finished.</content>
public sealed partial class ContinuousEngine
{
    /// <summary>Gaps of one run are told apart when they differ by more than one part in so many.</summary>
    private const int GapResolution = 64;

    private void Complete(IEngineEvents events)
    {
        var steps = _run.Steps;
        var endNs = _run.EndNs(steps);
        Steps += steps;
        _busyNs += endNs - _run.StartNs;
        _inFlight = false;
        if (steps > 1)
        {
            foreach (var sequence in _running)
                Occupy(sequence, steps - 1);
        }

        var kept = 0;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.Emits)
                Emit(sequence, steps, endNs, events);
            if (sequence.Generated < sequence.Request.OutputTokens)
            {
                _running[kept++] = sequence;
                continue;
            }

            var id = sequence.Request.Id;
            _byId.Remove(id);
            if (sequence.Holds)
            {
                _held.Add(id, sequence);
            }
            else
            {
                Release(sequence);
                _spare.Push(sequence);
            }

            events.Finished(id, endNs);
        }

        _running.RemoveRange(kept, _running.Count - kept);
    }

    private void Emit(Sequence sequence, int steps, long endNs, IEngineEvents events)
    {
        var id = sequence.Request.Id;
        if (sequence.Generated == 0)
        {
            events.FirstToken(id, endNs);
        }
        else
        {
            var from = 0;
            var fromNs = sequence.LastTokenNs;
            if (fromNs != _run.StartNs || steps == 1)
            {
                // A stalled token comes first: its gap began before this run.
                from = 1;
                events.Gaps(id, _run.EndNs(1) - fromNs, 1);
                fromNs = _run.EndNs(1);
            }

            EmitGaps(id, from, fromNs, steps, events);
        }

        sequence.Generated += steps;
        sequence.LastTokenNs = endNs;
    }

    private void EmitGaps(int id, int from, long fromNs, int steps, IEngineEvents events)
    {
        var piece = _run.IncrementPs == 0 ? steps : (int)Math.Clamp(_run.FirstPs / (GapResolution * _run.IncrementPs), 1, steps);
        while (from < steps)
        {
            var count = Math.Min(piece, steps - from);
            var endNs = _run.EndNs(from + count);
            var (gapNs, longer) = Math.DivRem(endNs - fromNs, count);
            if (count > longer)
                events.Gaps(id, gapNs, count - (int)longer);
            if (longer > 0)
                events.Gaps(id, gapNs + 1, (int)longer);
            from += count;
            fromNs = endNs;
        }
    }
}
