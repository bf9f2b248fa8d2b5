using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Http;

/// <summary>
/// Headers that tell browsers to do nothing with an answer that nobody asked for. On the data plane an answer is the runtime's, and only what says nothing about its content is added.
/// </summary>
internal static class SecurityHeaders
{
    // Swagger UI has its styles within elements; scripts come from files.
    private const string Page = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private const string Data = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use(static next => context =>
    {
        Set(context);
        return next(context);
    });

    /// <summary>Those of an answer by its address.</summary>
    public static void Set(HttpContext context)
    {
        var (path, headers) = (context.Request.Path, context.Response.Headers);
        headers.XContentTypeOptions = "nosniff";
        if (context.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
        if (path.StartsWithSegments("/swagger", StringComparison.OrdinalIgnoreCase)) SetDocument(headers, Page);
        else if (path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) && !path.Value!.EndsWith(":invoke", StringComparison.Ordinal)) SetPrivate(headers);
    }

    /// <summary>Those of a file of the console: scripts and styles of its own, and no other address than this API and the provider at which people sign in.</summary>
    /// <param name="headers">Headers.</param>
    /// <param name="provider">Address of the provider; null for none.</param>
    public static void SetConsole(IHeaderDictionary headers, string? provider)
    {
        var elsewhere = provider is null ? "" : " " + new Uri(provider).GetLeftPart(UriPartial.Authority);
        SetDocument(headers, $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{elsewhere}; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }

    /// <summary>Those of the frame in which the console shows a report that somebody opened: a report has its styles within elements and gets nothing else, no script and no address.</summary>
    public static void SetReportFrame(IHeaderDictionary headers)
    {
        SetDocument(headers, "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
        headers.XFrameOptions = "SAMEORIGIN";
    }

    /// <summary>Those of an answer that is for its caller only.</summary>
    public static void SetPrivate(IHeaderDictionary headers)
    {
        SetDocument(headers, Data);
        headers.CacheControl = "no-store";
    }

    /// <summary>Whether a header of a runtime would stand in the place of one that the API sets, or open what the API keeps closed.</summary>
    public static bool IsOurs(string name) =>
        name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.XContentTypeOptions, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.StrictTransportSecurity, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.Server, StringComparison.OrdinalIgnoreCase);

    private static void SetDocument(IHeaderDictionary headers, string policy)
    {
        headers.ContentSecurityPolicy = policy;
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
    }
}
