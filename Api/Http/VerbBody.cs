using System.Reflection;
using System.Text.Json;

namespace InferMesh.Api.Http;

/// <summary>
/// Body of a route that ends in a verb (<c>{id}:cordon</c>); it may be left out. Read here and not by the framework, whose choice by
/// content type comes before its look at the verb: a call without a body would find no route.
/// </summary>
/// <param name="Value">The body; null when there is none.</param>
internal readonly record struct VerbBody<T>(T? Value)
    where T : class
{
    public static async ValueTask<VerbBody<T>> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var request = context.Request;
        if (request.ContentLength is 0 || (request.ContentLength is null && !request.Headers.ContainsKey("Transfer-Encoding"))) return default;
        if (!request.HasJsonContentType()) throw new BadHttpRequestException("The body is not JSON.", StatusCodes.Status415UnsupportedMediaType);
        try
        {
            return new(await request.ReadFromJsonAsync<T>(context.RequestAborted));
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException("The body cannot be read.", StatusCodes.Status400BadRequest, e);
        }
    }
}
