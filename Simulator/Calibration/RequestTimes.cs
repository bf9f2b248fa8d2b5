namespace InferMesh.Simulator.Calibration;

/// <summary>What one request met, in seconds from its arrival.</summary>
/// <param name="FirstToken">To the first token (TTFT).</param>
/// <param name="LastToken">To the last token (E2E).</param>
/// <param name="OutputTokens">Tokens that came out.</param>
public readonly record struct RequestTimes(double FirstToken, double LastToken, int OutputTokens)
{
    /// <summary>Seconds per token after the first; 0 for a single token.</summary>
    public double PerToken => OutputTokens > 1 ? (LastToken - FirstToken) / (OutputTokens - 1) : 0;
}
