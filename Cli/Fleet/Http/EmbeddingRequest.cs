using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>What the synthetic runtime reads of a request for embeddings.</summary>
/// <param name="Model">Name asked for.</param>
/// <param name="Inputs">One for each vector: the raw JSON of a text or of a list of token ids.</param>
/// <param name="PromptTokens">Estimate: UTF-8 bytes over 4, rounded up; token ids count one each.</param>
/// <param name="Dimensions">Length of each vector.</param>
/// <param name="Base64">Whether vectors are wanted as base64.</param>
internal sealed record EmbeddingRequest(string Model, IReadOnlyList<string> Inputs, int PromptTokens, int Dimensions, bool Base64)
{
    public const int DefaultDimensions = 64;
    public const int MaxDimensions = 4096;
    public const int MaxInputs = 2048;

    /// <summary>Reads a body; null and an error when it is not a request that can be served.</summary>
    public static EmbeddingRequest? Read(JsonElement root, out RequestError error)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return Fail("The body must be a JSON object.", null, out error);
        if (!root.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.String || model.GetString() is not { Length: > 0 } name)
            return Fail("model must be a non-empty string.", "model", out error);
        if (!root.TryGetProperty("input", out var input) || InputsOf(input) is not { Count: > 0 and <= MaxInputs } inputs)
            return Fail($"input must be a string, an array of token ids, or an array of 1 to {MaxInputs} of either.", "input", out error);

        var dimensions = DefaultDimensions;
        if (root.TryGetProperty("dimensions", out var wanted) && wanted.ValueKind != JsonValueKind.Null
            && (wanted.ValueKind != JsonValueKind.Number || !wanted.TryGetInt32(out dimensions) || dimensions is < 1 or > MaxDimensions))
        {
            return Fail($"dimensions must be an integer from 1 to {MaxDimensions}.", "dimensions", out error);
        }

        var base64 = false;
        if (root.TryGetProperty("encoding_format", out var format) && format.ValueKind != JsonValueKind.Null)
        {
            base64 = format.ValueKind == JsonValueKind.String && format.ValueEquals("base64");
            if (!base64 && (format.ValueKind != JsonValueKind.String || !format.ValueEquals("float")))
                return Fail("encoding_format must be float or base64.", "encoding_format", out error);
        }

        error = default;
        return new EmbeddingRequest(name, [.. inputs.Select(static i => i.GetRawText())], (int)Math.Clamp(inputs.Sum(TokensOf), 1, int.MaxValue / 2), dimensions, base64);
    }

    private static List<JsonElement>? InputsOf(JsonElement input)
    {
        if (IsOne(input))
            return [input];
        if (input.ValueKind != JsonValueKind.Array)
            return null;
        List<JsonElement> inputs = [.. input.EnumerateArray()];
        return inputs.TrueForAll(IsOne) ? inputs : null;
    }

    private static bool IsOne(JsonElement input) => input.ValueKind == JsonValueKind.String
        || (input.ValueKind == JsonValueKind.Array && input.GetArrayLength() > 0 && input.EnumerateArray().All(static token => token.ValueKind == JsonValueKind.Number));

    private static long TokensOf(JsonElement input) =>
        input.ValueKind == JsonValueKind.Array ? input.GetArrayLength() : (Encoding.UTF8.GetByteCount(input.GetString()!) + 3) / 4;

    private static EmbeddingRequest? Fail(string message, string? param, out RequestError error)
    {
        error = new RequestError(message, param);
        return null;
    }
}
