namespace InferMesh.Strategies.Experiments;

/// <summary>What came of one request of an arm.</summary>
/// <param name="TtftSeconds">Seconds to the first token; not a number when unknown.</param>
/// <param name="E2eSeconds">Seconds to the last token; not a number when unknown.</param>
/// <param name="Cost">Price; not a number when unknown.</param>
/// <param name="Failed">Whether it failed by the fault of the mesh or of a node. Its seconds then count as forever, whatever they are; not a number where it would have had none, such as the time to the first token of an answer in one piece.</param>
/// <param name="FellBack">Whether the fallback of the arm's strategy decided it.</param>
/// <param name="Again">Whether an earlier decision for the same request has counted as failed.</param>
public readonly record struct ArmOutcome(double TtftSeconds, double E2eSeconds, double Cost, bool Failed, bool FellBack = false, bool Again = false);

/// <summary>
/// Outcomes of one arm as counts. Each silo keeps one that only grows, and sends it whole now and then; who merges keeps the latest of each silo and adds them up, so that a message lost
/// or sent twice does no harm. Recording is thread-safe and allocates nothing once the sizes have been met.
/// </summary>
public sealed class ArmTally
{
    private readonly OutcomeHistogram[] _values = [new(), new(), new()];
    private readonly long[] _forever = new long[3];
    private long _requests, _errors, _fallbacks, _again;

    /// <summary>Requests whose outcome is known.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Those of them that failed.</summary>
    public long Errors => Volatile.Read(ref _errors);

    /// <summary>Requests that the fallback of the arm's strategy decided.</summary>
    public long Fallbacks => Volatile.Read(ref _fallbacks);

    /// <summary>Failed requests that would have had a value of a measure: they took forever. None has a cost.</summary>
    public long Forever(Measure measure) => Volatile.Read(ref _forever[(int)measure]);

    /// <summary>Requests that had counted before, as failed. Without them <see cref="Requests"/> is those that the arm was given.</summary>
    public long Again => Volatile.Read(ref _again);

    /// <summary>Values of a measure, of requests that did not fail.</summary>
    public OutcomeHistogram Values(Measure measure) => _values[(int)measure];

    /// <summary>Records one outcome.</summary>
    public void Record(in ArmOutcome outcome)
    {
        Interlocked.Increment(ref _requests);
        if (outcome.FellBack) Interlocked.Increment(ref _fallbacks);
        if (outcome.Again) Interlocked.Increment(ref _again);
        if (outcome.Failed)
        {
            Interlocked.Increment(ref _errors);
            if (!double.IsNaN(outcome.TtftSeconds)) Interlocked.Increment(ref _forever[(int)Measure.Ttft]);
            if (!double.IsNaN(outcome.E2eSeconds)) Interlocked.Increment(ref _forever[(int)Measure.E2e]);
            return;
        }
        // What is unknown is no value: a histogram refuses what is not a number.
        _values[(int)Measure.Ttft].Add(outcome.TtftSeconds);
        _values[(int)Measure.E2e].Add(outcome.E2eSeconds);
        _values[(int)Measure.Cost].Add(outcome.Cost);
    }

    /// <summary>Adds the outcomes of another silo.</summary>
    public void Add(ArmTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Merge(other, 1);
    }

    /// <summary>What has come since an earlier state of the same tally.</summary>
    public ArmTally Since(ArmTally earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        var rest = new ArmTally();
        rest.Merge(this, 1);
        rest.Merge(earlier, -1);
        return rest;
    }

    /// <summary>The counts as plain arrays: what travels and is stored.</summary>
    public TallyCounts ToCounts() =>
        new(Requests, Errors, [.. _values.Select(v => v.ToSparse()).Select(s => new StepCounts(s.Steps, s.Counts))], [.. _forever], Fallbacks, Again);

    /// <summary>A tally of counts that <see cref="ToCounts"/> wrote.</summary>
    /// <exception cref="ArgumentException">The counts are not from there.</exception>
    public static ArmTally FromCounts(TallyCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Requests < 0 || counts.Errors < 0) throw new ArgumentException($"There cannot be {counts.Errors} errors of {counts.Requests} requests.", nameof(counts));
        var tally = new ArmTally { _requests = counts.Requests, _errors = counts.Errors, _fallbacks = counts.Fallbacks, _again = counts.Again };
        if (counts.Values.Count != tally._values.Length) throw new ArgumentException($"Values must be of {tally._values.Length} measures, not {counts.Values.Count}.", nameof(counts));
        IReadOnlyList<long> forever = counts.Forever ?? [counts.Errors, counts.Errors, 0];
        if (forever.Count != tally._forever.Length) throw new ArgumentException($"Forever must be of {tally._forever.Length} measures, not {forever.Count}.", nameof(counts));
        for (var m = 0; m < tally._values.Length; m++)
        {
            tally._forever[m] = forever[m];
            var (steps, times) = counts.Values[m];
            if (steps.Count != times.Count) throw new ArgumentException($"Values[{m}] has {steps.Count} steps and {times.Count} counts.", nameof(counts));
            for (var i = 0; i < steps.Count; i++)
            {
                if ((uint)steps[i] >= OutcomeHistogram.Steps) throw new ArgumentException($"Values[{m}].Steps[{i}] must be from 0 to {OutcomeHistogram.Steps - 1}, not {steps[i]}.", nameof(counts));
                if (times[i] < 0) throw new ArgumentException($"Values[{m}].Counts[{i}] must be 0 or more, not {times[i]}.", nameof(counts));
                tally._values[m].AddAt(steps[i], times[i]);
            }
        }
        return tally;
    }

    private void Merge(ArmTally other, long sign)
    {
        Interlocked.Add(ref _requests, sign * other.Requests);
        Interlocked.Add(ref _errors, sign * other.Errors);
        Interlocked.Add(ref _fallbacks, sign * other.Fallbacks);
        Interlocked.Add(ref _again, sign * other.Again);
        for (var m = 0; m < _values.Length; m++)
        {
            Interlocked.Add(ref _forever[m], sign * Volatile.Read(ref other._forever[m]));
            _values[m].Add(other._values[m], sign);
        }
    }
}

/// <summary>A tally as plain numbers.</summary>
/// <param name="Requests">Requests whose outcome is known.</param>
/// <param name="Errors">Those of them that failed.</param>
/// <param name="Values">Counts by step, one entry per <see cref="Measure"/> in its order.</param>
/// <param name="Forever">Failed requests that would have had a value, one entry per <see cref="Measure"/>; null in counts of before they were counted apart: all that failed, and none for the cost.</param>
/// <param name="Fallbacks">Requests that the fallback of the arm's strategy decided.</param>
/// <param name="Again">Those of the requests that had counted before, as failed.</param>
public sealed record TallyCounts(
    long Requests, long Errors, IReadOnlyList<StepCounts> Values, IReadOnlyList<long>? Forever = null, long Fallbacks = 0, long Again = 0);

/// <summary>Counts of a histogram; what is not listed is 0.</summary>
/// <param name="Steps">Steps, in order.</param>
/// <param name="Counts">Their counts.</param>
public readonly record struct StepCounts(IReadOnlyList<int> Steps, IReadOnlyList<long> Counts);
