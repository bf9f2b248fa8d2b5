using System.Globalization;
using System.Text;
using System.Text.Json;
using InferMesh.Cli.Fleet.Engine;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Serves chat and text completions from a node's engine.</summary>
internal static class CompletionHandler
{
    public const long MaxBodyBytes = 32 * 1024 * 1024;
    public const int DefaultOutputTokens = 128;
    public const string PromptTokensHeader = "x-infermesh-prompt-tokens";

    public static async Task HandleAsync(HttpContext context, SyntheticNode node, bool chat)
    {
        var (request, error) = await ReadAsync(context, chat);
        if (request is null)
        {
            await OpenAiError.InvalidAsync(context, error.Message, error.Param);
            return;
        }

        var modelIndex = IndexOf(node.Models, request.Model);
        if (modelIndex < 0)
        {
            await OpenAiError.WriteAsync(context, StatusCodes.Status404NotFound, "not_found_error",
                $"The model '{request.Model}' does not exist on this node.", "model", "model_not_found");
            return;
        }

        var outputTokens = request.MaxTokens ?? DefaultOutputTokens;
        var generation = node.Engine.Submit(modelIndex, request.PromptTokens, outputTokens, stopsByItself: request.MaxTokens is null);
        if (generation is null)
        {
            await OpenAiError.InvalidAsync(context,
                $"Prompt ({request.PromptTokens} tokens) and output ({outputTokens} tokens) exceed the {node.GpuProfile.KvCapacityTokens} tokens of this node's KV cache.",
                chat ? "messages" : "prompt", "context_length_exceeded");
            return;
        }

        // The sequence is freed the moment the client leaves, not when the next write fails.
        using var left = context.RequestAborted.UnsafeRegister(
            static state => { var (engine, generation) = ((NodeEngine, Generation))state!; engine.Cancel(generation); },
            (node.Engine, generation));
        try
        {
            var answer = new Answer(context, node, request, generation, chat);
            await (request.Stream ? answer.StreamAsync() : answer.WriteWholeAsync());
        }
        finally
        {
            node.Engine.Cancel(generation);
        }
    }

    private static async Task<(CompletionRequest? Request, RequestError Error)> ReadAsync(HttpContext context, bool chat)
    {
        int? exactTokens = null;
        if (context.Request.Headers.TryGetValue(PromptTokensHeader, out var header))
        {
            if (!int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var exact) || exact is < 1 or > int.MaxValue / 2)
                return (null, new RequestError($"The header {PromptTokensHeader} must be a positive integer.", PromptTokensHeader));
            exactTokens = exact;
        }

        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var request = CompletionRequest.Read(read.Buffer, chat, out var error);
            reader.AdvanceTo(read.Buffer.End);
            return (request is not null && exactTokens is { } tokens ? request with { PromptTokens = tokens } : request, error);
        }
    }

    public static int IndexOf(IReadOnlyList<string> models, string model)
    {
        for (var i = 0; i < models.Count; i++)
        {
            if (string.Equals(models[i], model, StringComparison.Ordinal))
                return i;
        }

        return -1;
    }

    private readonly struct Answer(HttpContext context, SyntheticNode node, CompletionRequest request, Generation generation, bool chat)
    {
        private readonly string _id = $"{(chat ? "chatcmpl" : "cmpl")}-{node.Id}-{generation.Id:x}";
        private readonly long _created = node.Time.GetUtcNow().ToUnixTimeSeconds();
        private readonly uint _seed = unchecked((uint)(node.Seed * 31 + generation.Id * 7919));

        private string CallId => $"call-{node.Id}-{generation.Id:x}";

        private string FinishReason => request.Tool is not null ? "tool_calls" : generation.StopsByItself ? "stop" : "length";

        public async Task StreamAsync()
        {
            var sse = new SseTokenWriter(_id, request.Model, _created, chat, request.IncludeUsage, _seed);
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            var writer = context.Response.BodyWriter;
            var sent = 0;
            while (sent < generation.OutputTokens)
            {
                // A reader that was slow finds several tokens here and sends them in one write.
                var produced = await generation.WaitBeyondAsync(sent);
                if (produced == sent)
                {
                    // Cancelled with tokens outstanding: end the connection, so that nobody takes the stream for a whole one.
                    context.Abort();
                    return;
                }

                // The tokens of a call are its name and arguments: they show when they are complete.
                if (request.Tool is null)
                    sse.WriteTokens(writer, sent, produced);
                else if (produced == generation.OutputTokens)
                    sse.WriteToolCall(writer, CallId, request.Tool, ToolChoice.Arguments);
                sent = produced;
                if (sent == generation.OutputTokens)
                    sse.WriteEnd(writer, FinishReason, generation.PromptTokens, sent);
                var flush = await writer.FlushAsync(context.RequestAborted);
                if (flush.IsCompleted || flush.IsCanceled)
                    return;
            }
        }

        public async Task WriteWholeAsync()
        {
            if (!await generation.WaitForAllAsync())
            {
                context.Abort();
                return;
            }

            var usage = new Usage(generation.PromptTokens, generation.OutputTokens, generation.PromptTokens + generation.OutputTokens);
            var text = request.Tool is null ? Text(generation.OutputTokens) : null;
            ToolCall[]? calls = request.Tool is { } tool ? [new(CallId, "function", new(tool, ToolChoice.Arguments))] : null;
            var body = chat
                ? JsonSerializer.SerializeToUtf8Bytes(
                    new ChatAnswer(_id, "chat.completion", _created, request.Model, [new ChatChoice(0, new ChatMessage("assistant", text, calls), null, FinishReason)], usage),
                    FleetJson.Default.ChatAnswer)
                : JsonSerializer.SerializeToUtf8Bytes(
                    new CompletionAnswer(_id, "text_completion", _created, request.Model, [new CompletionChoice(0, text ?? "", null, FinishReason)], usage),
                    FleetJson.Default.CompletionAnswer);
            await FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "application/json", body);
        }

        private string Text(int tokens)
        {
            var text = new StringBuilder(tokens * 6);
            for (var token = 0; token < tokens; token++)
                text.Append(Encoding.ASCII.GetString(FillerText.Word(_seed, token)));
            return text.ToString();
        }
    }
}
