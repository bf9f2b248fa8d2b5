using System.ComponentModel.DataAnnotations;

namespace InferMesh.Silo.Options;

/// <summary>Section <c>InferMesh:Http</c>: the silo's own small web server for health and metrics.</summary>
internal sealed class HttpSettings : IValidatableObject
{
    public const string Section = "InferMesh:Http";

    /// <summary>Where health and metrics are served; the standard <c>ASPNETCORE_URLS</c> wins over it. Default <c>http://127.0.0.1:8081</c>.</summary>
    [Required]
    public string Url { get; set; } = "http://127.0.0.1:8081";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.AbsolutePath != "/")
            yield return new ValidationResult($"\"{Url}\" must be an http(s) address without a path, such as http://127.0.0.1:8081", [nameof(Url)]);
    }
}
