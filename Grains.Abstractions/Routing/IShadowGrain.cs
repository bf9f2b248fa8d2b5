namespace InferMesh.Grains.Abstractions.Routing;

/// <summary>What live strategies cost beyond shadow strategies, all silos together, since the silos that report started. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IShadowGrain")]
public interface IShadowGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "shadows";

    /// <summary>Takes all that a silo has counted since it started, in place of what it said before: a report that is lost or comes twice does no harm.</summary>
    /// <param name="silo">The silo and its life.</param>
    /// <param name="sums">Its sums, by pair of strategies.</param>
    [Alias("Report")] Task Report(string silo, IReadOnlyList<ShadowReport> sums);

    /// <summary>What is known of each pair, by name.</summary>
    [Alias("List")] Task<IReadOnlyList<ShadowComparison>> List();
}

/// <summary>What one silo has counted of one pair of strategies.</summary>
/// <param name="Strategy">The one that decided.</param>
/// <param name="Shadow">The one that was asked too.</param>
/// <param name="Sums">Nine whole numbers of each group of requests, one group after the other.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ShadowReport")]
public sealed record ShadowReport([property: Id(0)] string Strategy, [property: Id(1)] string Shadow, [property: Id(2)] Int128[] Sums);

/// <summary>What the live strategy costs beyond the shadow, worked out from what became of the requests that the live one placed.</summary>
/// <param name="Strategy">The one that decided.</param>
/// <param name="Shadow">The one that was asked too.</param>
/// <param name="Requests">Requests that ended well and were compared.</param>
/// <param name="AgreeShare">Share for which both picked the same target, 0..1.</param>
/// <param name="Regret">The estimate; null while there are too few requests for one.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ShadowComparison")]
public sealed record ShadowComparison(
    [property: Id(0)] string Strategy, [property: Id(1)] string Shadow, [property: Id(2)] long Requests, [property: Id(3)] double AgreeShare, [property: Id(4)] ShadowFigures? Regret);

/// <summary>Seconds per request that the live strategy costs beyond the shadow; negative when the live one is better.</summary>
/// <param name="PricedSeconds">As the cost model has it.</param>
/// <param name="Slope">Observed seconds for each expected one.</param>
/// <param name="Seconds">On the scale of what was observed.</param>
/// <param name="Low">Lower end of its interval, 95 % at all times together, which counts what the model may get wrong.</param>
/// <param name="High">Upper end.</param>
/// <param name="SelectionGapSeconds">By how much longer than expected requests took where the two disagreed, against where they agreed.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ShadowFigures")]
public sealed record ShadowFigures(
    [property: Id(0)] double PricedSeconds, [property: Id(1)] double Slope, [property: Id(2)] double Seconds, [property: Id(3)] double Low, [property: Id(4)] double High,
    [property: Id(5)] double SelectionGapSeconds);
