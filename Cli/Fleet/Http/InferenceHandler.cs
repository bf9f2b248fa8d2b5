using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Routes what a node answers in the forms of TGI and of the Open Inference Protocol.</summary>
internal static class InferenceHandler
{
    /// <summary>Answers; false when the path is none of these protocols'.</summary>
    public static async Task<bool> TryHandleAsync(HttpContext context, SyntheticNode node)
    {
        var path = context.Request.Path.Value ?? "";
        var (model, verb) = GenerateCall.Split(path);
        if (model.Length > 0 && !node.Models.Contains(model, StringComparer.Ordinal))
        {
            await GenerateHandler.WriteErrorAsync(context, GenerateForm.Triton, StatusCodes.Status404NotFound, $"The model '{model}' does not exist on this node.");
            return true;
        }

        if (context.Request.Method == "POST" && GenerateCall.Of(path) is { } call)
        {
            if (node.Mode is { Mode: NodeMode.Status } mode)
                await GenerateHandler.WriteErrorAsync(context, call.Form, mode.StatusCode, "This synthetic node was told to refuse.");
            else
                await GenerateHandler.HandleAsync(context, node, call);
            return true;
        }

        if (context.Request.Method != "GET" || Describe(node, path, model, verb) is not { } body)
            return false;
        await FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(body));
        return true;
    }

    private static string? Describe(SyntheticNode node, string path, string model, string verb)
    {
        var name = JsonEncodedText.Encode(path == "/info" ? node.Models[0] : model);
        if (path == "/info")
            return $"{{\"model_id\":\"{name}\",\"version\":\"synthetic\",\"synthetic\":true}}";
        return model.Length == 0 ? null : verb switch
        {
            "" => $"{{\"name\":\"{name}\",\"versions\":[\"1\"],\"platform\":\"synthetic\",\"inputs\":[{{\"name\":\"text_input\",\"datatype\":\"BYTES\",\"shape\":[1]}}],\"outputs\":[{{\"name\":\"text_output\",\"datatype\":\"BYTES\",\"shape\":[1]}}]}}",
            "ready" => $"{{\"name\":\"{name}\",\"ready\":true}}",
            "config" => $"{{\"name\":\"{name}\",\"platform\":\"synthetic\",\"backend\":\"synthetic\",\"max_batch_size\":0}}",
            _ => null,
        };
    }
}
