namespace InferMesh.Strategies.Scoring;

/// <summary>The expected time of a request on one target, term by term, in seconds. A cheaper target has a smaller <see cref="TotalSeconds"/>.</summary>
/// <param name="QueueSeconds">Wait for a place in the batch, and behind the prompts that were sent there just before.</param>
/// <param name="PrefillSeconds">Prompt processing.</param>
/// <param name="DecodeSeconds">Generation of the expected output at the batch size that the target would have.</param>
/// <param name="NetworkSeconds">Round trip plus bytes over bandwidth.</param>
/// <param name="ColdStartSeconds">Until the model is loaded; 0 when it is resident.</param>
/// <param name="MoneySeconds">GPU time in dollars, changed into seconds at the rate of the policy.</param>
/// <param name="UncertaintySeconds">What the age of the reading and the spread of past answers add: a target that is less sure is worth less.</param>
/// <param name="BalanceSeconds">What the request costs others and an even spread of load; 0 for strategies that do not ask.</param>
public readonly record struct CostTerms(
    double QueueSeconds, double PrefillSeconds, double DecodeSeconds, double NetworkSeconds, double ColdStartSeconds,
    double MoneySeconds, double UncertaintySeconds, double BalanceSeconds = 0)
{
    /// <summary>Sum of all terms.</summary>
    public double TotalSeconds => QueueSeconds + PrefillSeconds + DecodeSeconds + NetworkSeconds + ColdStartSeconds + MoneySeconds + UncertaintySeconds + BalanceSeconds;

    /// <summary>Expected time to first token: all that comes before decoding.</summary>
    public double TimeToFirstTokenSeconds => QueueSeconds + PrefillSeconds + NetworkSeconds + ColdStartSeconds;
}
