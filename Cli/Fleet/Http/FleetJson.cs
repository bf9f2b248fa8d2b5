using System.Text.Json.Serialization;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>JSON of the fleet's small, fixed shapes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ErrorEnvelope))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(CompletionAnswer))]
[JsonSerializable(typeof(ChatAnswer))]
internal sealed partial class FleetJson : JsonSerializerContext;

internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

internal sealed record ModelCard(string Id, string Object, long Created, string OwnedBy, bool Synthetic);

internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens);

internal sealed record CompletionAnswer(string Id, string Object, long Created, string Model, CompletionChoice[] Choices, Usage Usage);

internal sealed record CompletionChoice(int Index, string Text, object? Logprobs, string FinishReason);

internal sealed record ChatAnswer(string Id, string Object, long Created, string Model, ChatChoice[] Choices, Usage Usage);

internal sealed record ChatChoice(int Index, ChatMessage Message, object? Logprobs, string FinishReason);

internal sealed record ChatMessage(
    string Role, string? Content, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ToolCall[]? ToolCalls = null);

internal sealed record ToolCall(string Id, string Type, ToolFunction Function);

internal sealed record ToolFunction(string Name, string Arguments);
