using InferMesh.Api.Problems;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Http;

/// <summary>JSON is UTF-8 (RFC 8259, section 8.1). The framework fails on other names of character sets, and reads some of them in another way than a filter before it may have.</summary>
internal static class CharsetRules
{
    public static void UseCharsetRules(this IApplicationBuilder app) => app.Use(static next => context => IsOther(context.Request) ? RefuseAsync(context) : next(context));

    private static bool IsOther(HttpRequest request) =>
        request.ContentType is { Length: > 0 } text && request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && MediaTypeHeaderValue.TryParse(text, out var type) && type.Charset is { HasValue: true } charset
        && !HeaderUtilities.RemoveQuotes(charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext context) =>
        ProblemWriter.WriteAsync(context, StatusProblem.Of(StatusCodes.Status415UnsupportedMediaType, "The body must be UTF-8: send \"Content-Type: application/json\"."));
}
