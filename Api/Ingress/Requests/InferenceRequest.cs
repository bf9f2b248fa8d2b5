namespace InferMesh.Api.Ingress.Requests;

/// <summary>What routing needs to know of a request body.</summary>
/// <param name="Model">Model or endpoint that is asked for; "" when the body may leave it out and does.</param>
/// <param name="Stream">The answer is wanted as server-sent events.</param>
/// <param name="MaxOutputTokens">Most tokens to generate; 0 when not given.</param>
/// <param name="PromptTokens">Estimated prompt tokens, 1 or more.</param>
/// <param name="User">End user as the caller names it; "" when not given.</param>
/// <param name="Prompt">Where messages, prompt, input or tokens stand in the body.</param>
internal readonly record struct InferenceRequest(string Model, bool Stream, int MaxOutputTokens, int PromptTokens, string User, Range Prompt)
{
    /// <summary>A request of which only the model is known.</summary>
    public static InferenceRequest Unread(string model) => new(model, Stream: false, MaxOutputTokens: 0, PromptTokens: 1, User: "", Prompt: ..0);

    /// <summary>
    /// Where the value of <c>model</c> stands in the body, quotes included; empty, at the place for it, when the body may leave it out and does; null when the model does not stand in
    /// the body at all.
    /// </summary>
    public Range? ModelValue { get; init; }
}

/// <summary>Why a request is refused before it is routed.</summary>
/// <param name="Message">What is wrong and what is allowed.</param>
/// <param name="Param">Field or header at fault; null for the whole.</param>
/// <param name="Code">Machine-readable reason.</param>
internal sealed record RequestError(string Message, string? Param, string Code);
