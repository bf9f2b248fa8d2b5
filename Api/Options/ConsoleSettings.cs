using System.ComponentModel.DataAnnotations;

namespace InferMesh.Api.Options;

/// <summary>Section <c>InferMesh:Console</c>: the web console at <c>/</c>.</summary>
internal sealed class ConsoleSettings : IValidatableObject
{
    public const string Section = "InferMesh:Console";

    /// <summary>Serve it. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Client id of the console at the OpenID Connect provider: a public client with the authorization code flow and PKCE. Without one people sign in with keys. Default: none.</summary>
    public string OidcClientId { get; set; } = "";

    /// <summary>Address of the provider, https, or http on this machine. Default: <c>InferMesh:Security:Tokens:Authority</c>.</summary>
    public string OidcAuthority { get; set; } = "";

    /// <summary>Scopes that are asked for, with blanks between them. Default <c>openid profile</c>.</summary>
    [Required]
    public string OidcScope { get; set; } = "openid profile";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OidcAuthority.Length > 0 && !(Uri.TryCreate(OidcAuthority, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))))
            yield return new("must be an https address, such as https://login.example/realms/mesh", [nameof(OidcAuthority)]);
        if (OidcAuthority.Length > 0 && OidcClientId.Length == 0) yield return new("must be set with OidcAuthority: the id of the console at the provider", [nameof(OidcClientId)]);
    }
}
