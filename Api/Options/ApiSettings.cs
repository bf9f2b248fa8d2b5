using System.ComponentModel.DataAnnotations;
using InferMesh.ServiceDefaults.Options;

namespace InferMesh.Api.Options;

/// <summary>Section <c>InferMesh:Api</c>: where requests enter the mesh, and who may change it.</summary>
internal sealed class ApiSettings : IValidatableObject
{
    public const string Section = "InferMesh:Api";

    /// <summary>Zone where requests enter that name none; up to 128 characters. Default "" (unknown).</summary>
    [StringLength(128, ErrorMessage = "must be at most 128 characters")]
    public string Zone { get; set; } = "";

    /// <summary>Region where requests enter that name none; up to 128 characters. Default "" (unknown).</summary>
    [StringLength(128, ErrorMessage = "must be at most 128 characters")]
    public string Region { get; set; } = "";

    /// <summary>Rack that the API is in, as nodes' label <c>rack</c> has it; up to 128 characters. Default "" (unknown).</summary>
    [StringLength(128, ErrorMessage = "must be at most 128 characters")]
    public string Rack { get; set; } = "";

    /// <summary>Node of the mesh that the API runs on; up to 128 characters. Default "" (none).</summary>
    [StringLength(128, ErrorMessage = "must be at most 128 characters")]
    public string Node { get; set; } = "";

    /// <summary>Name under which nodes measure their way to this API, up to 128 characters; each API needs one of its own. Default: the machine's name.</summary>
    [StringLength(128, ErrorMessage = "must be at most 128 characters")]
    public string Name { get; set; } = "";

    /// <summary>Dimensions of the space of network coordinates, beside the height; the same for all APIs. 2 to 8; 2 by default.</summary>
    [Range(2, 8)]
    public int CoordinateDimensions { get; set; } = 2;

    /// <summary>Keys that may change the mesh, 16 to 512 printable characters each; read again on reload. Default: none, then only callers on this machine may.</summary>
    [SecretSetting]
    public IList<string> AdminKeys { get; set; } = [];

    /// <summary>Event streams open at once, 1 to 10000. Default 256.</summary>
    [Range(1, 10_000)]
    public int MaxEventStreams { get; set; } = 256;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < AdminKeys.Count; i++)
        {
            if (AdminKeys[i].Length is < 16 or > 512 || AdminKeys[i].Any(c => c is <= ' ' or > '~'))
                yield return new ValidationResult("must be 16 to 512 printable ASCII characters without spaces", [$"{nameof(AdminKeys)}:{i}"]);
        }
    }
}
