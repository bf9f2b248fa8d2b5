using System.Text;
using System.Text.Json;
using InferMesh.Cli.Fleet.Engine;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Serves TGI's <c>/generate</c> and the calls of the Open Inference Protocol from a node's engine.</summary>
internal static class GenerateHandler
{
    public static async Task HandleAsync(HttpContext context, SyntheticNode node, GenerateCall call)
    {
        var (request, error) = await GenerateRequest.ReadAsync(context, call.Form);
        if (request is null)
        {
            await WriteErrorAsync(context, call.Form, StatusCodes.Status400BadRequest, error);
            return;
        }

        var model = Math.Max(0, node.Models.ToList().IndexOf(call.Model));
        var generation = node.Engine.Submit(model, request.PromptTokens, request.MaxTokens, stopsByItself: false);
        if (generation is null)
        {
            await WriteErrorAsync(context, call.Form, StatusCodes.Status400BadRequest,
                $"Prompt ({request.PromptTokens} tokens) and output ({request.MaxTokens} tokens) exceed the {node.GpuProfile.KvCapacityTokens} tokens of this node's KV cache.");
            return;
        }

        using var left = context.RequestAborted.UnsafeRegister(
            static state => { var (engine, generation) = ((NodeEngine, Generation))state!; engine.Cancel(generation); },
            (node.Engine, generation));
        try
        {
            var answer = new GenerateAnswer(call, generation, request.Details, unchecked((uint)(node.Seed * 31 + generation.Id * 7919)));
            await (call.Stream ? StreamAsync(context, generation, answer) : WriteWholeAsync(context, generation, answer));
        }
        finally
        {
            node.Engine.Cancel(generation);
        }
    }

    /// <summary>Writes an error in the form of the call's protocol.</summary>
    public static Task WriteErrorAsync(HttpContext context, GenerateForm form, int status, string message)
    {
        var body = new StringBuilder("{\"error\":").Append(JsonSerializer.Serialize(message, FleetJson.Default.String));
        if (form == GenerateForm.Tgi)
            body.Append(",\"error_type\":\"validation\"");
        return FleetResponse.WriteAsync(context, status, "application/json", Encoding.UTF8.GetBytes(body.Append('}').ToString()));
    }

    private static async Task StreamAsync(HttpContext context, Generation generation, GenerateAnswer answer)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        var sent = 0;
        while (sent < generation.OutputTokens)
        {
            var produced = await generation.WaitBeyondAsync(sent);
            if (produced == sent)
            {
                // Cancelled with tokens outstanding: end the connection, so that nobody takes the stream for a whole one.
                context.Abort();
                return;
            }

            for (; sent < produced; sent++)
                await context.Response.WriteAsync(answer.Event(sent), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static async Task WriteWholeAsync(HttpContext context, Generation generation, GenerateAnswer answer)
    {
        if (!await generation.WaitForAllAsync())
        {
            context.Abort();
            return;
        }

        await FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(answer.Whole()));
    }
}
