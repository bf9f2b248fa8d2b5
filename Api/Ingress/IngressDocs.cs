using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferMesh.Api.Ingress;

/// <summary>What the mesh reads of a chat completion; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model to route to.</param>
/// <param name="Messages">The conversation; its length in bytes estimates the prompt tokens.</param>
/// <param name="Stream">Whether the answer is a stream of server-sent events.</param>
/// <param name="MaxTokens">Tokens to generate at most: the expected length of the answer.</param>
internal sealed record ChatCompletionBody(
    string Model, IReadOnlyList<JsonElement> Messages, bool? Stream, [property: JsonPropertyName("max_tokens")] int? MaxTokens);

/// <summary>What the mesh reads of a text completion; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model to route to.</param>
/// <param name="Prompt">A text, or what else the runtime takes; its length in bytes estimates the prompt tokens.</param>
/// <param name="Stream">Whether the answer is a stream of server-sent events.</param>
/// <param name="MaxTokens">Tokens to generate at most: the expected length of the answer.</param>
internal sealed record CompletionBody(string Model, JsonElement Prompt, bool? Stream, [property: JsonPropertyName("max_tokens")] int? MaxTokens);

/// <summary>An error in OpenAI's form.</summary>
/// <param name="Error">The error.</param>
internal sealed record CompletionErrorBody(CompletionError Error);

/// <summary>What went wrong.</summary>
/// <param name="Message">In words.</param>
/// <param name="Type">Class, such as <c>invalid_request_error</c>.</param>
/// <param name="Param">Field that is wrong; null when it is no field.</param>
/// <param name="Code">Code, such as <c>model_not_found</c>; null when there is none.</param>
internal sealed record CompletionError(string Message, string Type, string? Param, string? Code);
