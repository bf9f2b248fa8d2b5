using System.Text.Encodings.Web;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Keys;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Security.Callers;

/// <summary>The ways in which a caller may show who it is.</summary>
internal sealed class CallerSources(IOptionsMonitor<SecuritySettings> settings, KeyCallers keys, TokenCallers tokens, CertificateCallers certificates)
{
    public KeyCallers Keys => keys;

    public TokenCallers Tokens => tokens;

    public CertificateCallers Certificates => certificates;

    public bool IsDevelopment => settings.CurrentValue.Mode == SecurityMode.Development;
}

/// <summary>
/// Finds out who calls: by the key or token in <c>Authorization: Bearer</c>, the key in <c>x-api-key</c>, the client certificate, in this order; in Development mode, else, by being on this
/// machine. What opened the API goes no further: neither a handler nor a runtime sees it.
/// </summary>
internal sealed class CallerAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, CallerSources sources)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "infermesh";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? refusal = null;
        if (PresentedKey.Bearer(Request) is { Length: > 0 } bearer)
        {
            (var caller, refusal) = await OfBearerAsync(bearer);
            if (caller is not null)
            {
                Request.Headers.Remove(HeaderNames.Authorization);
                return Known(caller);
            }
        }
        if (PresentedKey.Header(Request) is { } key)
        {
            var (caller, error) = await OfKeyAsync(key);
            if (caller is not null) return Known(caller);
            refusal ??= error;
        }
        if (refusal is not null) return AuthenticateResult.Fail(refusal);
        if (sources.Certificates.Find(Context) is { } certified) return Known(certified);
        return sources.IsDevelopment && LocalCaller.Refusal(Context) is null ? Known(LocalCaller.Admin) : AuthenticateResult.NoResult();
    }

    private async Task<(Caller? Caller, string? Error)> OfBearerAsync(string text) =>
        sources.Tokens.AreUsed && TokenCallers.IsToken(text) ? await sources.Tokens.FindAsync(Context) : await OfKeyAsync(text);

    // In Development mode a key of another form may be a runtime's, or an endpoint's: it says nothing to us.
    private async ValueTask<(Caller? Caller, string? Error)> OfKeyAsync(string key) =>
        sources.Keys.FindConfigured(key) is { } configured ? (configured, null)
        : ApiKeyText.IsOurs(key) ? await sources.Keys.FindAsync(key, Context.RequestAborted)
        : (null, sources.IsDevelopment ? null : KeyCallers.Unknown);

    private AuthenticateResult Known(Caller caller) => AuthenticateResult.Success(new(new CallerPrincipal(caller), Scheme.Name));
}
