namespace InferMesh.Strategies.Scoring;

/// <summary>
/// What a request costs the others on the same GPU. One more sequence makes each step longer for all that run, and its prefill holds them up: to count that in is to choose what is
/// best for the fleet, where each request on its own would choose what is best for itself (Pigou 1920).
/// </summary>
internal static class Externality
{
    /// <summary>
    /// Seconds that the others lose together. Those that wait count too, though they are served first: as many will wait behind this request as it finds waiting, and a full cache with a queue
    /// must not look better than a larger batch.
    /// </summary>
    /// <param name="others">Requests there.</param>
    /// <param name="decodeSeconds">By how much the request's own decoding makes each of them longer: the slope of the step time, times its output tokens.</param>
    /// <param name="prefillSeconds">By how much its prefill does.</param>
    public static double Seconds(double others, double decodeSeconds, double prefillSeconds) => others * (decodeSeconds + prefillSeconds);
}
