using Microsoft.AspNetCore.Http.Extensions;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>Calls an endpoint by its address: the body is that of the protocol, in which the model may be left out.</summary>
internal static class EndpointInvoke
{
    public const string DefaultPath = "/v1/chat/completions";
    private const string PathParameter = "path";

    /// <summary>Paths of the data plane whose bodies name a model.</summary>
    public static readonly IReadOnlyList<string> Paths = [DefaultPath, "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages", "/tokenize", "/detokenize"];

    public static Task HandleAsync(HttpContext context, CompletionHandler handler, string name)
    {
        var given = context.Request.Query[PathParameter];
        var path = given.Count == 0 ? DefaultPath : given.ToString();
        if (!Paths.Contains(path))
            return OpenAiError.BadRequest(new($"'{PathParameter}' must be one of {string.Join(", ", Paths)}.", PathParameter, "invalid_value")).WriteAsync(context);
        // From here on it is a request of that protocol.
        context.Request.Path = path;
        context.Request.QueryString = new QueryBuilder(context.Request.Query.Where(q => q.Key != PathParameter)).ToQueryString();
        return handler.HandleAsync(context, name);
    }
}
