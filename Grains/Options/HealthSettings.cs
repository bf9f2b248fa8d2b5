using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>When a silent node is suspected and given up. Section <c>InferMesh:Health</c>.</summary>
public sealed class HealthSettings : IValidatableObject
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Health";

    /// <summary>Silence after which a node is suspect: it gets work only when no ready node can take it. 500 ms to 1 h; 3 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan SuspectAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Silence after which a node is offline and gets no work; more than <see cref="SuspectAfter"/>, at most 1 day; 20 s by default. Readings of nodes are not heard for up to 10 s when a silo is
    /// lost: who has been silent for so long is suspect, not gone.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OfflineAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OfflineAfter <= SuspectAfter) yield return new($"must be more than SuspectAfter ({SuspectAfter}).", [nameof(OfflineAfter)]);
    }
}
