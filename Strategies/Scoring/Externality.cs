namespace InferMesh.Strategies.Scoring;

/// <summary>
/// What a request costs the others on the same GPU. One more sequence makes each step longer for all that run, and its prefill holds them up: to count that in is to choose what is
/// best for the fleet, where each request on its own would choose what is best for itself (Pigou 1920).
/// </summary>
internal static class Externality
{
    /// <summary>Seconds that the running requests lose together.</summary>
    /// <param name="running">Sequences that run.</param>
    /// <param name="decodeSeconds">By how much the request's own decoding makes each of them longer: the slope of the step time, times its output tokens.</param>
    /// <param name="prefillSeconds">By how much its prefill does.</param>
    public static double Seconds(double running, double decodeSeconds, double prefillSeconds) => running * (decodeSeconds + prefillSeconds);
}
