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

/// <summary>What the mesh reads of a request for embeddings; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model to route to.</param>
/// <param name="Input">A text, or what else the runtime takes; its length in bytes estimates the tokens.</param>
internal sealed record EmbeddingBody(string Model, JsonElement Input);

/// <summary>What the mesh reads of a request in the form of OpenAI's Responses API; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model to route to.</param>
/// <param name="Input">A text, or a list of items; its length in bytes, with that of the instructions, estimates the prompt tokens.</param>
/// <param name="Instructions">System prompt.</param>
/// <param name="Stream">Whether the answer is a stream of server-sent events.</param>
/// <param name="MaxOutputTokens">Tokens to generate at most: the expected length of the answer.</param>
internal sealed record ResponseBody(
    string Model, JsonElement Input, string? Instructions, bool? Stream, [property: JsonPropertyName("max_output_tokens")] int? MaxOutputTokens);

/// <summary>What the mesh reads of a request in the form of Anthropic's Messages API; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model to route to.</param>
/// <param name="Messages">The conversation; its length in bytes, with that of the system prompt, estimates the prompt tokens.</param>
/// <param name="System">System prompt: a text or a list of blocks.</param>
/// <param name="Stream">Whether the answer is a stream of server-sent events.</param>
/// <param name="MaxTokens">Tokens to generate at most: the expected length of the answer.</param>
internal sealed record MessageBody(
    string Model, IReadOnlyList<JsonElement> Messages, JsonElement? System, bool? Stream, [property: JsonPropertyName("max_tokens")] int? MaxTokens);

/// <summary>What the mesh reads of a request to tokenise; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model whose tokeniser is asked.</param>
/// <param name="Prompt">A text.</param>
internal sealed record TokenizeBody(string Model, JsonElement Prompt);

/// <summary>What the mesh reads of a request to turn tokens into text; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Model">Model whose tokeniser is asked.</param>
/// <param name="Tokens">Token ids.</param>
internal sealed record DetokenizeBody(string Model, IReadOnlyList<int> Tokens);

/// <summary>An error in OpenAI's form.</summary>
/// <param name="Error">The error.</param>
internal sealed record CompletionErrorBody(CompletionError Error);

/// <summary>What went wrong.</summary>
/// <param name="Message">In words.</param>
/// <param name="Type">Class, such as <c>invalid_request_error</c>.</param>
/// <param name="Param">Field that is wrong; null when it is no field.</param>
/// <param name="Code">Code, such as <c>model_not_found</c>; null when there is none.</param>
internal sealed record CompletionError(string Message, string Type, string? Param, string? Code);
