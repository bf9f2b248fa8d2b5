namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>One answer of the ingress to a request of a tenant with a quota.</summary>
internal sealed record QuotaUse
{
    public required string Tenant { get; init; }

    /// <summary>When it was certainly in flight, from its first byte on; null when it was refused or nobody knows.</summary>
    public TimeSpan? From { get; init; }

    /// <summary>Until then it was certainly in flight.</summary>
    public TimeSpan To { get; init; }

    /// <summary>Tokens that the answer says it cost.</summary>
    public long Tokens { get; init; }

    public Outcome Outcome { get; init; }

    public string Detail { get; init; } = "";
}

/// <summary>Checks that no more of a quota was used than there is, and one lease: what a silo that died held may be given out a second time.</summary>
internal static class QuotaCheck
{
    /// <summary>Most requests that were certainly in flight at once, and when.</summary>
    public static (int Most, TimeSpan At) MostAtOnce(IEnumerable<QuotaUse> uses)
    {
        var (open, most, at) = (0, 0, TimeSpan.Zero);
        // What ends at the same moment as another begins is not beside it.
        foreach (var (time, change) in uses.Where(static u => u.From is not null && u.From < u.To).SelectMany(static u => new[] { (Time: u.From!.Value, Change: 1), (Time: u.To, Change: -1) }).OrderBy(static e => e.Time).ThenBy(static e => e.Change))
        {
            open += change;
            if (open > most) (most, at) = (open, time);
        }
        return (most, at);
    }

    public static IReadOnlyList<string> AtOnce(IReadOnlyList<QuotaUse> uses, int limit, int lease)
    {
        var (most, at) = MostAtOnce(uses);
        return most <= limit + lease ? [] : [$"{most} requests in flight at {at.TotalSeconds:0.000} s; the limit is {limit}, and one lease {lease}"];
    }

    public static IReadOnlyList<string> Spent(IReadOnlyList<QuotaUse> uses, long limit, long lease)
    {
        var spent = uses.Where(static u => u.Outcome == Outcome.Ok).Sum(static u => u.Tokens);
        return spent <= limit + lease ? [] : [$"{spent} tokens were spent; the limit is {limit}, and one lease {lease}"];
    }
}
