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

    /// <summary>Keys of admins, 16 to 512 printable characters each, with which a mesh begins; read again on reload. Default: none.</summary>
    [SecretSetting]
    public IList<string> AdminKeys { get; set; } = [];

    /// <summary>Keys of agents of any node (role <c>node-agent</c>), 16 to 512 printable characters each; read again on reload. A key that is bound to its node is made by the mesh. Default: none.</summary>
    [SecretSetting]
    public IList<string> AgentKeys { get; set; } = [];

    /// <summary>Keys that may read all and change nothing (role <c>viewer</c>), 16 to 512 printable characters each, for who collects metrics; read again on reload. Default: none.</summary>
    [SecretSetting]
    public IList<string> ViewerKeys { get; set; } = [];

    /// <summary>Decisions that are kept for <c>/api/v1/decisions</c>, with their reasons, 0 to 10000; 0 keeps none. A few kilobytes each. Default 500.</summary>
    [Range(0, 10_000)]
    public int RecentDecisions { get; set; } = 500;

    /// <summary>Decisions that are kept of those of one second, 1 to 10000; the others are passed over. Default 20.</summary>
    [Range(1, 10_000)]
    public int RecentDecisionsPerSecond { get; set; } = 20;

    /// <summary>Streams of events and of the fleet open at once, 1 to 10000. Default 256.</summary>
    [Range(1, 10_000)]
    public int MaxEventStreams { get; set; } = 256;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, keys) in new[] { (nameof(AdminKeys), AdminKeys), (nameof(AgentKeys), AgentKeys), (nameof(ViewerKeys), ViewerKeys) })
        {
            foreach (var (i, key) in keys.Index())
            {
                if (key.Length is < 16 or > 512 || key.Any(c => c is <= ' ' or > '~'))
                    yield return new ValidationResult("must be 16 to 512 printable ASCII characters without spaces", [$"{name}:{i}"]);
            }
        }
    }
}
