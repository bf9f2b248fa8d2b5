using InferMesh.Api.Http;
using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Console;

/// <summary>What the console needs to know before anybody has signed in.</summary>
internal sealed record ConsoleSettingsView
{
    /// <summary>Mode of the API.</summary>
    public SecurityMode Mode { get; init; }

    /// <summary>How to sign in at a provider; absent when people sign in with keys only.</summary>
    public OidcView? Oidc { get; init; }

    /// <summary>Version of the API.</summary>
    public required string Version { get; init; }
}

/// <summary>An OpenID Connect provider.</summary>
internal sealed record OidcView
{
    /// <summary>Its address.</summary>
    public required string Authority { get; init; }

    /// <summary>Id of the console there.</summary>
    public required string ClientId { get; init; }

    /// <summary>Scopes to ask for.</summary>
    public required string Scope { get; init; }
}

/// <summary>
/// The web console. Its files hold nothing that is secret, and are for everybody; whatever it shows it reads from the API with the credential of its user.
/// </summary>
internal static class ConsoleEndpoints
{
    private const string Index = "index.html";
    private const string ReportFrame = "report.html";

    public static void MapConsole(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<IOptions<ConsoleSettings>>().Value.Enabled) return;
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], static (HttpContext context, IOptions<ConsoleSettings> console, IOptions<SecuritySettings> security) => Get(Index, context, console, security))
            .AllowAnonymous().ExcludeFromDescription();
        app.MapMethods("/console/{file}", [HttpMethods.Get, HttpMethods.Head], Get).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/console/settings.json", Settings).AllowAnonymous().ExcludeFromDescription();
    }

    private static IResult Get(string file, HttpContext context, IOptions<ConsoleSettings> console, IOptions<SecuritySettings> security)
    {
        if (ConsoleFiles.Find(file) is not { } found) return new ProblemResult(Problem.NotFound("file", file));
        var headers = context.Response.Headers;
        if (file == ReportFrame) SecurityHeaders.SetReportFrame(headers);
        else SecurityHeaders.SetConsole(headers, Provider(console.Value, security.Value)?.Authority);
        // Asked for anew each time, and sent anew only when the program is another.
        headers.CacheControl = "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        var isCompressed = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (isCompressed) headers.ContentEncoding = "gzip";
        return TypedResults.Bytes(isCompressed ? found.Compressed : found.Content, found.ContentType, entityTag: found.Etag);
    }

    private static Ok<ConsoleSettingsView> Settings(HttpContext context, IOptions<ConsoleSettings> console, IOptions<SecuritySettings> security)
    {
        SecurityHeaders.SetPrivate(context.Response.Headers);
        return TypedResults.Ok(new ConsoleSettingsView
        {
            Mode = security.Value.Mode,
            Oidc = Provider(console.Value, security.Value),
            Version = typeof(ConsoleEndpoints).Assembly.GetName().Version!.ToString(3),
        });
    }

    private static OidcView? Provider(ConsoleSettings console, SecuritySettings security)
    {
        var authority = console.OidcAuthority.Length > 0 ? console.OidcAuthority : security.Tokens.Authority;
        return console.OidcClientId.Length == 0 || authority.Length == 0 ? null : new() { Authority = authority.TrimEnd('/'), ClientId = console.OidcClientId, Scope = console.OidcScope };
    }
}
