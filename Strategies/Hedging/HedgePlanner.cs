using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Hedging;

/// <summary>When and how a second attempt may be sent.</summary>
/// <param name="Enabled">False plans no hedge, true plans one for every decision; null leaves it to the strategy: only an <see cref="IHedgingStrategy"/> hedges of its own accord.</param>
/// <param name="MinDelay">Earliest a hedge fires.</param>
/// <param name="MaxDelay">Latest a hedge fires.</param>
/// <param name="DelayFactor">Delay as a multiple of the expected time to first token, 1 or more: 2 approximates its 95th percentile when service times vary as much as their mean.</param>
/// <param name="MaxSaturation">Mean batch occupancy above which a hedge would only add load, 0..1.</param>
/// <param name="BudgetShare">Most hedges as a share of requests, 0..1; whoever sends the hedge keeps the count.</param>
public sealed record HedgeSettings(bool? Enabled, TimeSpan MinDelay, TimeSpan MaxDelay, double DelayFactor, double MaxSaturation, double BudgetShare)
{
    /// <summary>As the strategy does, 50 ms to 5 s, twice the expected TTFT, off above 0.8, 5 % of requests.</summary>
    public static HedgeSettings Default { get; } = new(null, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5), 2, 0.8, 0.05);
}

/// <summary>Why there is no hedge.</summary>
public enum HedgeVerdict : byte
{
    /// <summary>A hedge is planned.</summary>
    Planned = 0,

    /// <summary>Policy switches hedging off, or the strategy does not hedge and no policy asks for it.</summary>
    Disabled,

    /// <summary>There is no second target.</summary>
    NoSecondTarget,

    /// <summary>Every other target fails together with the first.</summary>
    SameFailureDomain,

    /// <summary>The targets are too busy for extra work.</summary>
    Saturated,
}

/// <summary>A planned second attempt.</summary>
/// <param name="Verdict">Whether there is one, or why not.</param>
/// <param name="Pick">Position of the second target among the picks; -1 when there is none.</param>
/// <param name="Delay">Time after the first attempt without a first byte.</param>
public readonly record struct HedgePlan(HedgeVerdict Verdict, int Pick, TimeSpan Delay);

/// <summary>Plans the hedge of one decision.</summary>
public static class HedgePlanner
{
    /// <summary>The first pick of another failure domain, after a delay that follows the expected time to first token, or what the strategy itself calls late.</summary>
    public static HedgePlan Plan(HedgeSettings settings, in RankingInput input, ReadOnlySpan<RankedTarget> picks, in CostTerms first, IRoutingStrategy? strategy = null)
    {
        if (!(settings.Enabled ?? strategy is IHedgingStrategy)) return new(HedgeVerdict.Disabled, -1, default);
        if (picks.Length < 2) return new(HedgeVerdict.NoSecondTarget, -1, default);
        if (Saturation(input) > settings.MaxSaturation) return new(HedgeVerdict.Saturated, -1, default);

        var domain = input.Targets.Identity[picks[0].Target].FailureDomain;
        for (var i = 1; i < picks.Length; i++)
        {
            if (input.Targets.Identity[picks[i].Target].FailureDomain == domain) continue;
            var late = strategy is IHedgingStrategy own ? own.LateFirstTokenSeconds(input, picks[0].Target, first) : first.TimeToFirstTokenSeconds * settings.DelayFactor;
            var delay = Math.Clamp(late, settings.MinDelay.TotalSeconds, settings.MaxDelay.TotalSeconds);
            return new(HedgeVerdict.Planned, i, TimeSpan.FromSeconds(delay));
        }
        return new(HedgeVerdict.SameFailureDomain, -1, default);
    }

    private static double Saturation(in RankingInput input)
    {
        if (input.Index is { } index) return index.EligibleRoom > 0 ? index.EligibleLoad / index.EligibleRoom : 1;
        double load = 0, room = 0;
        for (var i = 0; i < input.Filter.Length; i++)
        {
            if (input.Filter[i] != FilterReason.None) continue;
            load += input.Targets.Load(i);
            room += input.Targets.BatchSize(i);
        }
        return room > 0 ? load / room : 1;
    }
}
