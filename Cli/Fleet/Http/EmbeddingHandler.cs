using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Fleet.Engine;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Serves embeddings: the prefill takes the engine's time, the vectors are made up, of length one, and the same for the same input.</summary>
internal static class EmbeddingHandler
{
    public static async Task HandleAsync(HttpContext context, SyntheticNode node)
    {
        var (request, error) = await ReadAsync(context);
        if (request is null)
        {
            await OpenAiError.InvalidAsync(context, error.Message, error.Param);
            return;
        }

        var modelIndex = CompletionHandler.IndexOf(node.Models, request.Model);
        if (modelIndex < 0)
        {
            await OpenAiError.WriteAsync(context, StatusCodes.Status404NotFound, "not_found_error",
                $"The model '{request.Model}' does not exist on this node.", "model", "model_not_found");
            return;
        }

        // One token out: what a prefill alone comes closest to.
        if (node.Engine.Submit(modelIndex, request.PromptTokens, 1, stopsByItself: true) is not { } generation)
        {
            await OpenAiError.InvalidAsync(context, $"The input ({request.PromptTokens} tokens) exceeds the {node.GpuProfile.KvCapacityTokens} tokens of this node's KV cache.",
                "input", "context_length_exceeded");
            return;
        }

        using var left = context.RequestAborted.UnsafeRegister(
            static state => { var (engine, generation) = ((NodeEngine, Generation))state!; engine.Cancel(generation); },
            (node.Engine, generation));
        if (await generation.WaitBeyondAsync(0) == 0)
        {
            context.Abort();
            return;
        }

        await FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "application/json", Answer(request));
    }

    private static async Task<(EmbeddingRequest? Request, RequestError Error)> ReadAsync(HttpContext context)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return (EmbeddingRequest.Read(document.RootElement, out var error), error);
        }
        catch (JsonException exception)
        {
            return (null, new RequestError($"The body is not valid JSON: {exception.Message}", null));
        }
    }

    private static byte[] Answer(EmbeddingRequest request)
    {
        var data = request.Inputs.Select((input, index) => (JsonNode)new JsonObject
        {
            ["object"] = "embedding",
            ["index"] = index,
            ["embedding"] = Encoded(Vector(input, request.Dimensions), request.Base64),
        });
        var answer = new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. data]),
            ["model"] = request.Model,
            ["usage"] = new JsonObject { ["prompt_tokens"] = request.PromptTokens, ["total_tokens"] = request.PromptTokens },
        };
        return JsonSerializer.SerializeToUtf8Bytes(answer);
    }

    private static JsonNode Encoded(float[] vector, bool base64)
    {
        if (!base64)
            return new JsonArray([.. vector.Select(static value => (JsonNode)value)]);
        var bytes = new byte[vector.Length * sizeof(float)];
        for (var i = 0; i < vector.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        return Convert.ToBase64String(bytes);
    }

    private static float[] Vector(string input, int dimensions)
    {
        // FNV-1a over the text seeds a multiplicative walk: cheap, and unlike for unlike texts.
        var state = input.Aggregate(2166136261u, static (hash, c) => unchecked((hash ^ c) * 16777619u));
        var vector = new float[dimensions];
        for (var i = 0; i < dimensions; i++)
        {
            state = unchecked((state * 1664525u) + 1013904223u);
            vector[i] = (state / (float)uint.MaxValue) - 0.5f;
        }

        var length = MathF.Sqrt(vector.Sum(static value => value * value));
        return length > 0 ? [.. vector.Select(value => value / length)] : vector;
    }
}
