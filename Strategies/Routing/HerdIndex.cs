namespace InferMesh.Strategies.Routing;

/// <summary>How much the requests of a router huddle together.</summary>
public static class HerdIndex
{
    /// <summary>
    /// Simpson's index of the shares of targets (Simpson, Measurement of Diversity, 1949) over that of an even spread: 0 when no target got two requests, 1 when they fell like dice, and the number of
    /// targets when one got them all. Not a number below two requests. Targets of unequal strength make it larger than 1 although nothing is wrong: what tells is its change.
    /// </summary>
    /// <param name="requests">Requests that each target got, 0 or more.</param>
    public static double Of(ReadOnlySpan<long> requests)
    {
        double all = 0, pairs = 0;
        foreach (var count in requests)
        {
            all += count;
            pairs += (double)count * (count - 1);
        }
        return all < 2 ? double.NaN : requests.Length * pairs / (all * (all - 1));
    }
}
