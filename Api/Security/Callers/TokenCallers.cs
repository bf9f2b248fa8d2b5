using System.Security.Claims;
using InferMesh.Api.Http;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Keys;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace InferMesh.Api.Security.Callers;

/// <summary>Callers by tokens of an identity provider.</summary>
internal sealed class TokenCallers(IOptions<SecuritySettings> settings)
{
    public const string Scheme = "tokens";
    private const string WholeMesh = "*";
    private const int MaxNameLength = 128;

    // Asymmetric ones only: with an HMAC the public key would be the secret that makes tokens, and "none" is no signature at all.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    public bool AreUsed => settings.Value.Tokens.IsUsed;

    /// <summary>Whether a text has the form of a token: three parts.</summary>
    public static bool IsToken(string text) => text.Count('.') == 2;

    /// <summary>The caller of the token in <c>Authorization</c>, or why it is refused.</summary>
    public async Task<(Caller? Caller, string? Error)> FindAsync(HttpContext context)
    {
        var result = await context.AuthenticateAsync(Scheme);
        // As long as a new call with it would be let in.
        return result.Principal is { } principal ? Of(principal, result.Properties?.ExpiresUtc + ClockSkew) : (null, Reason(result.Failure));
    }

    /// <summary>Checks tokens by the settings.</summary>
    public static void Configure(JwtBearerOptions options, TokenSettings settings)
    {
        options.MapInboundClaims = false;
        options.IncludeErrorDetails = false;
        if (settings.Authority.Length > 0) options.Authority = settings.Authority;
        var parameters = new TokenValidationParameters
        {
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidateLifetime = true,
            ClockSkew = ClockSkew,
            ValidateAudience = true,
            ValidAudience = settings.Audience,
            ValidateIssuer = true,
            ValidIssuer = settings.Issuer.Length > 0 ? settings.Issuer : null,
            ValidateIssuerSigningKey = true,
            // A token says which key has signed it; that another one has as well is no proof.
            TryAllIssuerSigningKeys = false,
            NameClaimType = settings.NameClaim,
            RoleClaimType = settings.RolesClaim,
        };
        if (settings.SigningKeysPath.Length > 0)
        {
            var keys = TokenKeys.Read(settings.SigningKeysPath);
            // Keys in PEM form have no name: each of them may have signed.
            parameters.IssuerSigningKeyResolver = (_, _, kid, _) => keys.Where(key => string.IsNullOrEmpty(key.KeyId) || key.KeyId == kid);
        }
        options.TokenValidationParameters = parameters;
    }

    private (Caller? Caller, string? Error) Of(ClaimsPrincipal principal, DateTimeOffset? endsAt)
    {
        var names = settings.Value.Tokens;
        var (name, tenant, project, node) = (Text(principal, names.NameClaim), Text(principal, names.TenantClaim), Text(principal, names.ProjectClaim), Text(principal, names.NodeClaim));
        if (name is not { Length: > 0 and <= MaxNameLength } || name.Any(c => char.IsControl(c) || c > '~')) return (null, $"The token's claim \"{names.NameClaim}\" must have 1 to {MaxNameLength} printable ASCII characters.");
        if (tenant is null) return (new(name, CallerKind.Token, [], Scope.Mesh) { EndsAt = endsAt }, null);
        if (tenant != WholeMesh && !Names.IsValid(tenant)) return (null, $"The token's claim \"{names.TenantClaim}\" is no name of a tenant.");
        if (project is not null && (tenant == WholeMesh || !Names.IsValid(project))) return (null, $"The token's claim \"{names.ProjectClaim}\" is no name of a project of a tenant.");
        if (node is not null && !Names.IsValid(node)) return (null, $"The token's claim \"{names.NodeClaim}\" is no id of a node.");
        // Roles of others may stand beside ours.
        var roles = principal.FindAll(names.RolesClaim).SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(value => Roles.TryParse(value, out var role) ? role : null).OfType<Role>().Distinct();
        var scope = tenant == WholeMesh ? Scope.Mesh : new Scope(tenant, project ?? "");
        // Tokens are short-lived: a budget is that of whom they are for.
        return (new(name, CallerKind.Token, [.. roles], scope) { NodeId = node ?? "", KeyId = KeyIds.Of(name), EndsAt = endsAt }, null);
    }

    private static string? Text(ClaimsPrincipal principal, string claim) => principal.FindFirst(claim)?.Value is { Length: > 0 } value ? value : null;

    // The library's own words name keys and claims of the token; what went wrong is enough.
    private static string Reason(Exception? failure) => failure switch
    {
        SecurityTokenExpiredException => "The token has expired.",
        SecurityTokenNotYetValidException => "The token is not valid yet.",
        SecurityTokenInvalidAudienceException => "The token is for another audience.",
        SecurityTokenInvalidIssuerException => "The token is of another issuer.",
        SecurityTokenException or ArgumentException => "The token is not signed by a key of the issuer, or not readable.",
        _ => "The token cannot be checked.",
    };
}
