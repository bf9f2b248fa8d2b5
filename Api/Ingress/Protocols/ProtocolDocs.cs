using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>What the mesh reads of a request in the form of TGI's API; everything else in the body goes to the runtime as it is.</summary>
/// <param name="Inputs">The prompt; its length in bytes estimates the prompt tokens.</param>
/// <param name="Parameters">Parameters of the generation.</param>
internal sealed record TgiBody(string Inputs, TgiParameters? Parameters);

/// <summary>What the mesh reads of the parameters.</summary>
/// <param name="MaxNewTokens">Tokens to generate at most: the expected length of the answer.</param>
internal sealed record TgiParameters([property: JsonPropertyName("max_new_tokens")] int? MaxNewTokens);

/// <summary>An error in TGI's form.</summary>
/// <param name="Error">In words.</param>
/// <param name="ErrorType"><c>validation</c>, <c>overloaded</c> or <c>generation</c>.</param>
internal sealed record TgiErrorBody(string Error, [property: JsonPropertyName("error_type")] string ErrorType);

/// <summary>An inference of the Open Inference Protocol. The mesh reads nothing of it; tensors may follow it in binary form.</summary>
/// <param name="Inputs">Tensors.</param>
internal sealed record InferBody(IReadOnlyList<JsonElement> Inputs);

/// <summary>What the mesh reads of a request in the form of Triton's generate extension; everything else in the body goes to the runtime as it is.</summary>
/// <param name="TextInput">The prompt, where the model has an input of this name; its length in bytes estimates the prompt tokens.</param>
/// <param name="MaxTokens">Tokens to generate at most; may stand in <c>parameters</c>.</param>
internal sealed record TritonGenerateBody([property: JsonPropertyName("text_input")] string? TextInput, [property: JsonPropertyName("max_tokens")] int? MaxTokens);

/// <summary>An error in the form of the Open Inference Protocol.</summary>
/// <param name="Error">In words.</param>
internal sealed record KServeErrorBody(string Error);
