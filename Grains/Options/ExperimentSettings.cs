using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>How outcomes of experiments travel and are kept. Section <c>InferMesh:Experiments</c>.</summary>
public sealed class ExperimentSettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Experiments";

    /// <summary>Time between two reports of a silo about an experiment, and between two looks at its outcomes. 50 ms to 1 min; 3 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ReportPeriod { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest time for which outcomes are not stored: those of silos that die with the grain of the experiment are lost so far. 100 ms to 1 h; 30 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan StorePeriod { get; set; } = TimeSpan.FromSeconds(30);
}
