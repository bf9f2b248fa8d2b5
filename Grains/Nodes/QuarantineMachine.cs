using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Nodes;

/// <summary>What is remembered of a node's quarantines.</summary>
/// <param name="Current">Quarantine or trial in force; null when there is none.</param>
/// <param name="Times">Quarantines in a row up to now.</param>
/// <param name="FreeSince">When the last trial ended well.</param>
[GenerateSerializer, Immutable, Alias("infermesh.QuarantineState")]
internal sealed record QuarantineState(
    [property: Id(0)] NodeQuarantine? Current = null, [property: Id(1)] int Times = 0, [property: Id(2)] DateTimeOffset FreeSince = default);

/// <summary>
/// When a node goes into quarantine and when it is back: a fault takes it out, a time without faults puts it on trial, a trial without faults puts it back. Each quarantine within the flap
/// window lasts twice as long as the one before (route flap damping, RFC 2439, in its simplest form). Pure; time is an argument.
/// </summary>
internal static class QuarantineMachine
{
    /// <summary>The state after a look at the node.</summary>
    /// <param name="state">State before.</param>
    /// <param name="faults">What is wrong with it now.</param>
    /// <param name="now">Now.</param>
    /// <param name="settings">Rules.</param>
    public static QuarantineState Next(QuarantineState state, IReadOnlyList<NodeFault> faults, DateTimeOffset now, FaultSettings settings)
    {
        if (faults is [var fault, ..])
        {
            if (state.Current is { Probing: false } current)
            {
                // Not with every look: each change is stored.
                if (now + (settings.Quarantine / 2) <= current.Until) return state;
                return state with { Current = current with { Fault = fault, Until = now + settings.Quarantine } };
            }
            var times = state.Current is null && now - state.FreeSince >= settings.FlapWindow ? 1 : state.Times + 1;
            return state with { Times = times, Current = new() { Fault = fault, Since = now, Until = now + Length(times, settings), Times = times } };
        }
        if (state.Current is not { } last || now < last.Until) return state;
        return last.Probing
            ? state with { Current = null, FreeSince = now }
            : state with { Current = last with { Probing = true, Until = now + settings.Probation } };
    }

    /// <summary>An operator's quarantine has no end of its own.</summary>
    public static QuarantineState ByOperator(QuarantineState state, string reason, DateTimeOffset now) =>
        state with { Current = new() { Fault = new(FaultKind.Operator, "", reason, now), Since = now, Until = DateTimeOffset.MaxValue, Times = Math.Max(1, state.Times) } };

    /// <summary>How long a quarantine lasts.</summary>
    /// <param name="times">Which one in a row, from 1.</param>
    /// <param name="settings">Rules.</param>
    public static TimeSpan Length(int times, FaultSettings settings)
    {
        var seconds = settings.Quarantine.TotalSeconds * Math.Pow(2, times - 1);
        return seconds >= settings.MaxQuarantine.TotalSeconds ? settings.MaxQuarantine : TimeSpan.FromSeconds(seconds);
    }
}
