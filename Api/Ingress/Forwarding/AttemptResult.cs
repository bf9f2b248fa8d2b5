namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>How one attempt ended.</summary>
internal enum AttemptEnd
{
    /// <summary>The answer reached the client in full.</summary>
    Delivered,

    /// <summary>Nothing has reached the client: another target may be tried.</summary>
    Failed,

    /// <summary>The answer broke off after its first byte: the client's connection was reset.</summary>
    Broken,

    /// <summary>The client went away.</summary>
    Cancelled,

    /// <summary>The request's time was up.</summary>
    TimedOut,
}

/// <summary>Result of an attempt.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Reason">Short name of the cause, for metrics and logs.</param>
/// <param name="Status">Status of the runtime; 0 when it gave none.</param>
/// <param name="RetryAfter">When the runtime asks to come back; null when it does not say.</param>
/// <param name="FirstByte">Time of the first byte since the start of the request; null when there was none.</param>
/// <param name="Streamed">The answer came as server-sent events, token by token.</param>
/// <param name="OutputTokens">Tokens of the answer; null when unknown.</param>
/// <param name="PromptTokens">Tokens of the prompt as the runtime counted them; null when it did not say.</param>
internal readonly record struct AttemptResult(
    AttemptEnd End, string Reason, int Status = 0, TimeSpan? RetryAfter = null, TimeSpan? FirstByte = null, bool Streamed = false, int? OutputTokens = null, int? PromptTokens = null);
