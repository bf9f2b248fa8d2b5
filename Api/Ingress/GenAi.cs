using System.Diagnostics;

namespace InferMesh.Api.Ingress;

/// <summary>Names of OpenTelemetry's conventions for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/), and the spans of a request.</summary>
internal static class GenAi
{
    public const string OperationName = "gen_ai.operation.name";
    public const string ProviderName = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";

    /// <summary>What the spans of the data plane come from.</summary>
    public static readonly ActivitySource Activities = new(IngressMetrics.Name);

    /// <summary>What a path of the data plane does, in the words of the conventions where they have one.</summary>
    public static string Operation(PathString path)
    {
        var text = path.Value.AsSpan();
        return text switch
        {
            _ when text.EndsWith("/chat/completions", StringComparison.Ordinal) || text.EndsWith("/messages", StringComparison.Ordinal) || text.EndsWith("/responses", StringComparison.Ordinal) => "chat",
            _ when text.EndsWith("/completions", StringComparison.Ordinal) => "text_completion",
            _ when text.EndsWith("/embeddings", StringComparison.Ordinal) => "embeddings",
            _ when text.EndsWith("tokenize", StringComparison.Ordinal) => "tokenize",
            _ when text.EndsWith("/generate", StringComparison.Ordinal) || text.EndsWith("/generate_stream", StringComparison.Ordinal) => "generate_content",
            _ when text.EndsWith(":invoke", StringComparison.Ordinal) => "invoke_endpoint",
            _ => "infer",
        };
    }
}
