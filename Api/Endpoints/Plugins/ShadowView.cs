using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Plugins;

/// <summary>What a live strategy costs beyond a shadow strategy.</summary>
internal sealed record ShadowView
{
    /// <summary>Strategy that decided.</summary>
    public required string Strategy { get; init; }

    /// <summary>Strategy that was asked too, without effect.</summary>
    public required string Shadow { get; init; }

    /// <summary>Requests that ended well and were compared.</summary>
    public long Requests { get; init; }

    /// <summary>Share for which both picked the same target, 0 to 1.</summary>
    public double AgreeShare { get; init; }

    /// <summary>Seconds per request that the live strategy costs beyond the shadow, on the scale of what was observed; negative when the live one is better. Absent with its interval while there are too few requests.</summary>
    public double? RegretSeconds { get; init; }

    /// <summary>Lower end of its interval: 95 % at all times together, what the model may get wrong included.</summary>
    public double? RegretLow { get; init; }

    /// <summary>Upper end.</summary>
    public double? RegretHigh { get; init; }

    /// <summary>The same as the cost model has it.</summary>
    public double? PricedSeconds { get; init; }

    /// <summary>Observed seconds for each expected one.</summary>
    public double? Slope { get; init; }

    /// <summary>By how much longer than expected requests took where the two disagreed, against where they agreed: the model errs there by about as much.</summary>
    public double? SelectionGapSeconds { get; init; }

    public static ShadowView Of(ShadowComparison c) => new()
    {
        Strategy = c.Strategy,
        Shadow = c.Shadow,
        Requests = c.Requests,
        AgreeShare = c.AgreeShare,
        RegretSeconds = c.Regret?.Seconds,
        RegretLow = c.Regret?.Low,
        RegretHigh = c.Regret?.High,
        PricedSeconds = c.Regret?.PricedSeconds,
        Slope = c.Regret?.Slope,
        SelectionGapSeconds = c.Regret?.SelectionGapSeconds,
    };
}
