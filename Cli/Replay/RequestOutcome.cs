namespace InferMesh.Cli.Replay;

/// <summary>What became of one request. Times count from when the schedule wanted it sent, so that a late send is not hidden.</summary>
/// <param name="Scheduled">When it was due, since the run began.</param>
/// <param name="Lag">How much later it was sent.</param>
/// <param name="EndToEnd">From due to the last byte, or to the error.</param>
/// <param name="TimeToFirstToken">From due to the first event with text; null when there was none or the answer was not streamed.</param>
/// <param name="TimePerOutputToken">Mean time between tokens after the first; null with fewer than two.</param>
/// <param name="PromptTokens">As the target counted, or as sent when it did not say.</param>
/// <param name="CompletionTokens">As the target counted, or events with text when it did not say.</param>
/// <param name="Node">Node that served, or <c>direct</c> when the answer did not say.</param>
/// <param name="Error">Kind of error, such as <c>http_503</c>, <c>connect</c>, <c>timeout</c>, <c>broken_stream</c>; null when it succeeded.</param>
internal readonly record struct RequestOutcome(
    TimeSpan Scheduled,
    TimeSpan Lag,
    TimeSpan EndToEnd,
    TimeSpan? TimeToFirstToken,
    TimeSpan? TimePerOutputToken,
    int PromptTokens,
    int CompletionTokens,
    string Node,
    string? Error);
