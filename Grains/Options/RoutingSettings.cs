using System.ComponentModel.DataAnnotations;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies;

namespace InferMesh.Grains.Options;

/// <summary>How state travels into routing tables and how long reservations live. Section <c>InferMesh:Routing</c>.</summary>
public sealed class RoutingSettings : IValidatableObject
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Routing";

    /// <summary>Shortest time between two snapshots of a cell: what changes within it travels together. 20 ms to 10 s; 200 ms by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "00:00:10")]
    public TimeSpan SnapshotPeriod { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Shortest time between two routing tables of a silo. 10 ms to 10 s; 50 ms by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan TablePeriod { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait of one long poll; below the response timeout of the cluster. 100 ms to 30 s; 2 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a reservation counts when nobody settles it. 1 s to 1 h; 2 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ReservationLease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a request may wait for room when no policy says otherwise; zero refuses at once. 0 to 10 min; 10 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MaxQueueWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests that may wait for one model on this silo, 1 to 1,000,000; 2,000 by default.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueuedPerModel { get; set; } = 2000;

    /// <summary>Of how many decisions one is looked at more closely, for the metrics of their quality; 0 for none. 0 to 1,000,000; 100 by default.</summary>
    [Range(0, 1_000_000)]
    public int SampleEvery { get; set; } = 100;

    /// <summary>
    /// Strategy that is asked about sampled decisions too, without effect, once their requests have ended: one of the catalogue, or a plugin that is enabled. "" for none, the default; decisions of a
    /// plugin are then set against its fallback.
    /// </summary>
    public string ShadowStrategy { get; set; } = "";

    /// <summary>Share of one core that asking shadow strategies may take; what there is no time for is left out. 0.001 to 1; 0.02 by default.</summary>
    [Range(0.001, 1)]
    public double ShadowCpuShare { get; set; } = 0.02;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ShadowStrategy.Length > 0 && PluginReference.Of(ShadowStrategy) is not { Version: "" } && StrategyCatalog.Validate(ShadowStrategy, null) is [var error, ..]) yield return new(error.Message, [nameof(ShadowStrategy)]);
    }
}
