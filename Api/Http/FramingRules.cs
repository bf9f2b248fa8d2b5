using InferMesh.Api.Problems;

namespace InferMesh.Api.Http;

/// <summary>
/// Refuses requests of HTTP/1.x whose end another server could see elsewhere (request smuggling; RFC 9112, sections 6.1 and 11.2), although the server here is lenient about them. The
/// connection is closed: nobody can say where the next request would begin.
/// </summary>
internal static class FramingRules
{
    // The server sets a length that stood beside an encoding aside under this name.
    private const string LengthBesideEncoding = "X-Content-Length";

    // To be read before the server is made: a lone line feed ends no line.
    private const string NoLoneLineFeeds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    public static void ForbidLoneLineFeeds() => AppContext.SetSwitch(NoLoneLineFeeds, true);

    public static void UseFramingRules(this IApplicationBuilder app) => app.Use(static next => context => Violation(context.Request) is { } detail ? RefuseAsync(context, detail) : next(context));

    private static string? Violation(HttpRequest request)
    {
        if (!HttpProtocol.IsHttp11(request.Protocol) && !HttpProtocol.IsHttp10(request.Protocol)) return null;
        // Methods are told apart by case, and the routes here do not.
        if (request.Method.AsSpan().ContainsAnyInRange('a', 'z')) return "The method has small letters: methods are written in capitals.";
        if (request.Headers.TransferEncoding is not { Count: > 0 } encoding) return null;
        if (HttpProtocol.IsHttp10(request.Protocol)) return "HTTP/1.0 has no Transfer-Encoding.";
        if (request.Headers.ContainsKey(LengthBesideEncoding)) return "Content-Length and Transfer-Encoding exclude each other.";
        return "chunked".Equals(encoding.ToString().Trim(), StringComparison.OrdinalIgnoreCase) ? null : "Transfer-Encoding must be chunked, once.";
    }

    private static Task RefuseAsync(HttpContext context, string detail)
    {
        context.Response.Headers.Connection = "close";
        return ProblemWriter.WriteAsync(context, Problem.Of(StatusCodes.Status400BadRequest, "invalid", "The request is not valid HTTP", detail));
    }
}
