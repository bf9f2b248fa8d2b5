namespace InferMesh.Simulator.World;

/// <summary>
/// What one step did. The lists are views into the batch's buffers: valid until its next <see cref="ContinuousBatch.Step"/>.
/// </summary>
/// <param name="Duration">How long the step takes; zero when there was nothing to do.</param>
/// <param name="PrefillTokens">Prompt tokens computed.</param>
/// <param name="DecodeTokens">Output tokens produced, the first token of a sequence included.</param>
/// <param name="Admitted">Ids that left the waiting queue, in FIFO order.</param>
/// <param name="FirstTokens">Ids that produced their first token, in order of admission.</param>
/// <param name="Tokens">Ids that produced a token, one token each, in order of admission; includes <paramref name="FirstTokens"/>.</param>
/// <param name="Finished">Ids that produced their last token and left the batch.</param>
public readonly record struct StepResult(
    TimeSpan Duration,
    int PrefillTokens,
    int DecodeTokens,
    ReadOnlyMemory<long> Admitted,
    ReadOnlyMemory<long> FirstTokens,
    ReadOnlyMemory<long> Tokens,
    ReadOnlyMemory<long> Finished)
{
    /// <summary>Whether nothing ran.</summary>
    public bool IsEmpty => Duration == TimeSpan.Zero;
}
