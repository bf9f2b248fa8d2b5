using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Routes one request of a node's port: a switch on the path, because the surface is small and fixed.</summary>
internal static class NodeHandler
{
    public static async Task HandleAsync(HttpContext context, SyntheticNode node)
    {
        context.Response.Headers[FleetResponse.SyntheticHeader] = "true";
        context.Response.Headers["x-infermesh-node"] = node.Id;

        await node.ModeSwitch.WaitWhileHangingAsync(context.RequestAborted);
        if (context.RequestAborted.IsCancellationRequested)
            return;

        var (method, route) = context.Request.Path.Value switch
        {
            "/v1/chat/completions" => ("POST", Route.Chat),
            "/v1/completions" => ("POST", Route.Completions),
            "/v1/embeddings" => ("POST", Route.Embeddings),
            "/v1/models" => ("GET", Route.Models),
            "/health" => ("GET", Route.Health),
            "/metrics" => ("GET", Route.Metrics),
            _ => ("", Route.None),
        };

        if (route == Route.None && await InferenceHandler.TryHandleAsync(context, node))
            return;
        if (route == Route.None)
            await OpenAiError.WriteAsync(context, StatusCodes.Status404NotFound, "not_found_error", $"No such path: {context.Request.Path}");
        else if (context.Request.Method != method)
            await RejectMethodAsync(context, method);
        else
            await AnswerAsync(context, node, route);
    }

    private static Task AnswerAsync(HttpContext context, SyntheticNode node, Route route)
    {
        switch (route)
        {
            case Route.Models:
                return FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "application/json", RenderModels(node));
            case Route.Health:
                return FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "text/plain", ReadOnlyMemory<byte>.Empty);
            case Route.Metrics:
                return MetricsPage.WriteAsync(context, node);
            default:
                return node.Mode is { Mode: NodeMode.Status } mode ? RefuseAsync(context, mode)
                    : route == Route.Embeddings ? EmbeddingHandler.HandleAsync(context, node)
                    : CompletionHandler.HandleAsync(context, node, route == Route.Chat);
        }
    }

    private static Task RefuseAsync(HttpContext context, NodeModeSetting mode)
    {
        context.Response.Headers.RetryAfter = mode.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var type = mode.StatusCode == StatusCodes.Status429TooManyRequests ? "rate_limit_error" : "server_error";
        return OpenAiError.WriteAsync(context, mode.StatusCode, type, "This synthetic node was told to refuse.", code: "synthetic_refusal");
    }

    private static Task RejectMethodAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return OpenAiError.WriteAsync(
            context, StatusCodes.Status405MethodNotAllowed, "invalid_request_error", $"Use {allowed} on {context.Request.Path}.");
    }

    /// <summary>The list of a node's models.</summary>
    public static byte[] RenderModels(SyntheticNode node)
    {
        var list = new ModelList("list", [.. node.Models.Select(static model => new ModelCard(model, "model", 0, "infermesh-synthetic", true))]);
        return JsonSerializer.SerializeToUtf8Bytes(list, FleetJson.Default.ModelList);
    }

    private enum Route
    {
        None,
        Chat,
        Completions,
        Embeddings,
        Models,
        Health,
        Metrics,
    }
}
