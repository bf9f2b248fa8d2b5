using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>Which strategy plugins silos load. By default none: a package must be allowed by its digest. Section <c>InferMesh:Plugins</c>; a change takes effect at once.</summary>
public sealed class PluginSettings : IValidatableObject
{
    private const int DigestLength = 64;

    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Plugins";

    /// <summary>Loads whatever was pushed. For whoever writes plugins, on a machine of their own; false by default.</summary>
    public bool Development { get; set; }

    /// <summary>Digests of the packages that may be loaded outside <see cref="Development"/>, 64 hexadecimal digits in lower case each; none by default.</summary>
    public IList<string> AllowedDigests { get; set; } = [];

    /// <summary>Allows .NET plugins, which run in the silo's process and can do all that it can, among those of <see cref="AllowedDigests"/>; false by default.</summary>
    public bool AllowDotNet { get; set; }

    /// <summary>Time of one ranking by a plugin, after which the fallback answers. 100 us to 1 s; 1 ms by default. Read at the start.</summary>
    [Range(typeof(TimeSpan), "00:00:00.0001", "00:00:01")]
    public TimeSpan RoutingDeadline { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var digest in AllowedDigests.Where(static d => d.Length != DigestLength || !d.All(char.IsAsciiHexDigitLower)))
            yield return new($"'{digest}' is no digest: it must have {DigestLength} hexadecimal digits in lower case.", [nameof(AllowedDigests)]);
    }
}
