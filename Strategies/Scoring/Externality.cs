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
    /// <param name="holdUpSeconds">By how much its prefill holds them up (<see cref="HoldUp"/>).</param>
    public static double Seconds(double others, double decodeSeconds, double holdUpSeconds) => others * (decodeSeconds + holdUpSeconds);

    /// <summary>
    /// Seconds by which a prefill makes the steps of the others longer. A step that only generates waits for memory: a little prefill beside it costs nothing (Agrawal et al., Sarathi, 2023),
    /// unless prompts that came before take that room.
    /// </summary>
    /// <param name="prefillSeconds">The prefill.</param>
    /// <param name="backlogSeconds">Prompts before it.</param>
    /// <param name="slackSeconds">What a step has room for (<see cref="TargetCost.SlackSeconds"/>).</param>
    public static double HoldUp(double prefillSeconds, double backlogSeconds, double slackSeconds) =>
        Math.Max(0, backlogSeconds + prefillSeconds - slackSeconds) - Math.Max(0, backlogSeconds - slackSeconds);
}
