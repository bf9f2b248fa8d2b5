using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>How long events are kept. Section <c>InferMesh:Events</c>.</summary>
public sealed class EventSettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Events";

    /// <summary>Newest events that are kept at most, give or take a segment of 256. 1,000 to 10,000,000; 100,000 by default.</summary>
    [Range(1_000, 10_000_000)]
    public int Keep { get; set; } = 100_000;

    /// <summary>Events older than this go, whatever their number. 1 h to 10 years; 30 d by default.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(30);
}
