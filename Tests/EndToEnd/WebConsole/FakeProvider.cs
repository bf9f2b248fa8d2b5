using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>An OpenID Connect provider for public clients: authorization code flow with PKCE (RFC 7636), over real HTTP. Whoever comes is signed in.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private const string ClientId = "infermesh-console";
    private readonly RSA _key = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, (string Challenge, string RedirectUri)> _codes = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-oidc-").FullName;
    private readonly WebApplication _app;

    private FakeProvider(WebApplication app) => _app = app;

    /// <summary>Roles of who signs in.</summary>
    public string[] Roles { get; set; } = ["viewer"];

    public string Issuer => _app.Urls.Single();

    /// <summary>Settings of an API that takes its tokens.</summary>
    public (string Key, string Value)[] Settings
    {
        get
        {
            var path = Path.Combine(_folder, "keys.pem");
            File.WriteAllText(path, _key.ExportSubjectPublicKeyInfoPem());
            return
            [
                ("InferMesh:Security:Tokens:SigningKeysPath", path), ("InferMesh:Security:Tokens:Issuer", Issuer),
                ("InferMesh:Console:OidcAuthority", Issuer), ("InferMesh:Console:OidcClientId", ClientId),
            ];
        }
    }

    public static async Task<FakeProvider> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = new FakeProvider(builder.Build());
        provider.Map();
        await provider._app.StartAsync();
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Map()
    {
        // The console asks from its own origin.
        _app.Use((context, next) =>
        {
            context.Response.Headers.AccessControlAllowOrigin = "*";
            return next(context);
        });
        _app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, string> { ["issuer"] = Issuer, ["authorization_endpoint"] = $"{Issuer}/authorize", ["token_endpoint"] = $"{Issuer}/token" }));
        _app.MapGet("/authorize", (HttpRequest request) =>
        {
            var query = request.Query;
            if (query["response_type"] != "code" || query["client_id"] != ClientId || query["code_challenge_method"] != "S256" || query["code_challenge"].ToString().Length != 43 || query["state"].ToString().Length < 16) return Results.BadRequest("Not a request of a careful client.");
            var (code, redirect) = (Guid.NewGuid().ToString("N"), query["redirect_uri"].ToString());
            _codes[code] = (query["code_challenge"].ToString(), redirect);
            return Results.Redirect($"{redirect}?code={code}&state={Uri.EscapeDataString(query["state"]!)}&iss={Uri.EscapeDataString(Issuer)}");
        });
        _app.MapPost("/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
            // A code is good once, and only for who began.
            return _codes.TryRemove(form["code"].ToString(), out var known) && known.Challenge == challenge && known.RedirectUri == form["redirect_uri"] && form["client_id"] == ClientId
                ? Results.Json(new { access_token = Token(), token_type = "Bearer", expires_in = 300 })
                : Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        });
    }

    private string Token()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var head = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { alg = "RS256", typ = "JWT" }));
        var body = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { iss = Issuer, aud = "infermesh", sub = "ada", roles = Roles, tenant = "*", iat = now, nbf = now, exp = now + 300 }));
        var signature = _key.SignData(Encoding.ASCII.GetBytes($"{head}.{body}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{body}.{Base64Url.EncodeToString(signature)}";
    }
}
