namespace InferMesh.Strategies.Training;

/// <summary>
/// How gangs share the links that leave nodes. A ring through several nodes passes twice the gradients over each of its edges in a step, and one edge leaves each node. Links are priced, not
/// refused: idle GPUs beside a busy link get more done than none.
/// </summary>
public static class LinkShare
{
    /// <summary>Bytes per second that a job sends over each node's links, on average.</summary>
    /// <param name="gradientBytes">Bytes exchanged in a step.</param>
    /// <param name="stepSeconds">Seconds of a step.</param>
    public static double Demand(double gradientBytes, double stepSeconds) => stepSeconds > 0 ? 2 * gradientBytes / stepSeconds : 0;

    /// <summary>What is left of a link for one more job: what others do not use, and never less than its fair share.</summary>
    /// <param name="rate">The link, bytes per second.</param>
    /// <param name="claimed">What others send.</param>
    /// <param name="others">How many others, 0 or more.</param>
    public static double Left(double rate, double claimed, int others) => Math.Max(rate - claimed, rate / (others + 1));

    /// <summary>How many times as long a job's exchange takes over a node's links as it would if it had them for itself; 1 where the links are unknown, or carry both.</summary>
    internal static double Slowdown(TrainingNode node, TrainingStep step)
    {
        if (node.LinkBytesPerSecond is not { } rate || rate <= 0 || node.LinkClaimedBytesPerSecond <= 0) return 1;
        return Alone(step, rate) + node.LinkClaimedBytesPerSecond <= rate ? 1 : rate / Left(rate, node.LinkClaimedBytesPerSecond, others: 1);
    }

    /// <summary>What a gang over several nodes sends over a link that it has for itself, bytes per second.</summary>
    internal static double Alone(TrainingStep step, double rate) => rate > 0 ? Demand(step.GradientBytes, step.ComputeSeconds + (2 * step.GradientBytes / rate)) : 0;
}
