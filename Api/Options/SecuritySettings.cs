using System.ComponentModel.DataAnnotations;
using System.Net;
using InferMesh.Api.Security.Callers;
using InferMesh.ServiceDefaults.Security;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Options;

/// <summary>Who is let in.</summary>
internal enum SecurityMode
{
    /// <summary>Callers that show who they are, and for what their roles allow.</summary>
    Enforced,

    /// <summary>For one machine: a caller on it is an admin. The API listens on loopback only.</summary>
    Development,
}

/// <summary>Section <c>InferMesh:Security</c>: how callers sign in.</summary>
internal sealed class SecuritySettings : IValidatableObject
{
    public const string Section = "InferMesh:Security";

    /// <summary>Enforced (default) or Development.</summary>
    public SecurityMode Mode { get; set; } = SecurityMode.Enforced;

    /// <summary>Tokens of an identity provider. Read at start.</summary>
    public TokenSettings Tokens { get; set; } = new();

    /// <summary>Roles of client certificates; the first rule that matches counts. Default: none.</summary>
    public IList<CertificateSettings> Certificates { get; set; } = [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < Certificates.Count; i++)
        {
            foreach (var (key, error) in Certificates[i].Errors()) yield return new($"{error}", [$"{nameof(Certificates)}:{i}:{key}"]);
        }
        foreach (var (key, error) in Tokens.Errors()) yield return new(error, [$"{nameof(Tokens)}:{key}"]);
    }
}

/// <summary>Tokens (JWT) of an identity provider. They are taken as soon as <see cref="Authority"/> or <see cref="SigningKeysPath"/> is set.</summary>
internal sealed class TokenSettings
{
    /// <summary>Address of an OpenID Connect provider, https; its discovery document names issuer and keys. Default: none.</summary>
    public string Authority { get; set; } = "";

    /// <summary>File with the public keys of the issuer, PEM or JWKS, for use without a provider; instead of <see cref="Authority"/>. Default: none.</summary>
    public string SigningKeysPath { get; set; } = "";

    /// <summary>Issuer (<c>iss</c>); needed with <see cref="SigningKeysPath"/>, else the provider's own.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>Audience (<c>aud</c>) that tokens must be for. Default <c>infermesh</c>.</summary>
    public string Audience { get; set; } = "infermesh";

    /// <summary>Claim with the name of the caller. Default <c>sub</c>.</summary>
    [Required]
    public string NameClaim { get; set; } = "sub";

    /// <summary>Claim with the roles, a text or a list. Default <c>roles</c>.</summary>
    [Required]
    public string RolesClaim { get; set; } = "roles";

    /// <summary>Claim with the tenant; <c>*</c> is the whole mesh. A token without it has no role. Default <c>tenant</c>.</summary>
    [Required]
    public string TenantClaim { get; set; } = "tenant";

    /// <summary>Claim with the project. Default <c>project</c>.</summary>
    [Required]
    public string ProjectClaim { get; set; } = "project";

    /// <summary>Claim with the node that an agent reports for. Default <c>node</c>.</summary>
    [Required]
    public string NodeClaim { get; set; } = "node";

    /// <summary>Whether tokens are taken at all.</summary>
    public bool IsUsed => Authority.Length + SigningKeysPath.Length > 0;

    internal IEnumerable<(string Key, string Error)> Errors()
    {
        if (!IsUsed) yield break;
        if (Authority.Length > 0 && SigningKeysPath.Length > 0) yield return (nameof(SigningKeysPath), "and Authority exclude each other: set one of them");
        if (Authority.Length > 0 && !(Uri.TryCreate(Authority, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps))
            yield return (nameof(Authority), "must be an https address, such as https://login.example/realms/mesh");
        if (SigningKeysPath.Length > 0 && Issuer.Length == 0) yield return (nameof(Issuer), "must be set with SigningKeysPath: the iss of the tokens");
        if (SigningKeysPath.Length > 0 && TokenKeys.Problem(SigningKeysPath) is { } problem) yield return (nameof(SigningKeysPath), problem);
        if (Audience.Length == 0) yield return (nameof(Audience), "must be set: the aud of the tokens");
    }
}

/// <summary>Roles of the client certificates whose SPIFFE id matches.</summary>
internal sealed class CertificateSettings
{
    /// <summary>Segments of an id that are taken as the caller's.</summary>
    internal static readonly string[] Segments = ["node", "tenant", "project"];

    /// <summary>
    /// SPIFFE id in which a segment <c>*</c> is any, and <c>{node}</c>, <c>{tenant}</c> or <c>{project}</c> is any and taken as the caller's:
    /// <c>spiffe://mesh.example/ns/*/node/{node}</c>.
    /// </summary>
    public string Id { get; set; } = "";

    /// <summary>Roles.</summary>
    public IList<string> Roles { get; set; } = [];

    /// <summary>Tenant that they are limited to, where the id has none. Default: the whole mesh.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>Project of the tenant. Default: the whole tenant.</summary>
    public string Project { get; set; } = "";

    internal IEnumerable<(string Key, string Error)> Errors()
    {
        if (!SpiffePattern.TryParse(Id, out _, Segments)) yield return (nameof(Id), "must be a SPIFFE id such as spiffe://mesh.example/ns/*/node/{node}");
        if (Roles.Count == 0) yield return (nameof(Roles), "must have at least one role");
        foreach (var (i, role) in Roles.Index())
        {
            if (!Security.Access.Roles.TryParse(role, out _)) yield return ($"{nameof(Roles)}:{i}", $"must be one of {string.Join(", ", Security.Access.Roles.Names)}");
        }
        if (Project.Length > 0 && Tenant.Length == 0 && !Id.Contains("{tenant}", StringComparison.Ordinal)) yield return (nameof(Project), "needs a Tenant");
    }
}

/// <summary>Somebody must be able to get in, and nobody from elsewhere without showing who it is.</summary>
internal sealed class SecurityModeRules(IConfiguration configuration) : IValidateOptions<SecuritySettings>
{
    private const string Keys = $"{ApiSettings.Section}:{nameof(ApiSettings.AdminKeys)}";
    private const string Address = $"{HttpSettings.Section}:{nameof(HttpSettings.Address)}";
    private const string Mode = $"{SecuritySettings.Section}:{nameof(SecuritySettings.Mode)}";

    public ValidateOptionsResult Validate(string? name, SecuritySettings options)
    {
        if (options.Mode == SecurityMode.Development)
        {
            return IPAddress.TryParse(configuration[Address], out var address) && !IPAddress.IsLoopback(address)
                ? ValidateOptionsResult.Fail($"Mode = Development is for this machine only, and {Address} = {address} can be reached from others: set {Mode} to Enforced with {Keys}:0, or {Address} to 127.0.0.1")
                : ValidateOptionsResult.Success;
        }
        return options.Tokens.IsUsed || options.Certificates.Count > 0 || configuration.GetSection(Keys).GetChildren().Any()
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"Mode = Enforced (the default), and there is no way to sign in: set {Keys}:0 to a key, {SecuritySettings.Section}:Tokens or {SecuritySettings.Section}:Certificates; on one machine, for development, {Mode} to Development");
    }
}
