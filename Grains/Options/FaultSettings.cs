using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace InferMesh.Grains.Options;

/// <summary>What counts as a fault of a node, and how long it is kept out for it. Section <c>InferMesh:Faults</c>.</summary>
public sealed class FaultSettings : IValidatableObject
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Faults";

    private const string Shortest = "00:00:01";
    private const string Day = "1.00:00:00";
    private const string Week = "7.00:00:00";

    private HashSet<int> _fatalXids = [48, 64, 74, 79, 95, 119, 120];
    private string _fatalXidText = "48,64,74,79,95,119,120";

    /// <summary>Whether faults take nodes out of rotation by themselves; true by default. An operator may quarantine a node either way.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// XID errors after which a GPU must not be trusted, separated by commas. By default those of memory (48, 64, 95), of NVLink (74), of a GPU that fell off the bus (79) and of its own
    /// processor (119, 120). Source: NVIDIA, "XID Errors".
    /// </summary>
    public string FatalXids
    {
        get => _fatalXidText;
        set => (_fatalXidText, _fatalXids) = (value, [.. Parse(value).OfType<int>()]);
    }

    /// <summary>How long heat may hold clocks down. 1 s to 1 d; 30 s by default.</summary>
    [Range(typeof(TimeSpan), Shortest, Day)]
    public TimeSpan ThrottleAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a batch may generate nothing. 1 s to 1 d; 1 min by default: a very long prompt takes its time.</summary>
    [Range(typeof(TimeSpan), Shortest, Day)]
    public TimeSpan StalledAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a runtime that said what it does may be healthy and say nothing. 1 s to 1 d; 30 s by default.</summary>
    [Range(typeof(TimeSpan), Shortest, Day)]
    public TimeSpan SilentAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>NVLink errors of one GPU per second that cost bandwidth. 0.01 to 1,000,000,000; 100 by default.</summary>
    [Range(0.01, 1e9)]
    public double NvLinkErrorsPerSecond { get; set; } = 100;

    /// <summary>How many times the median TTFT of the model's other replicas without a queue makes an outlier. 1.5 to 1,000; 5 by default.</summary>
    [Range(1.5, 1000)]
    public double OutlierFactor { get; set; } = 5;

    /// <summary>For how long a node must be an outlier. 1 s to 1 d; 30 s by default.</summary>
    [Range(typeof(TimeSpan), Shortest, Day)]
    public TimeSpan OutlierAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Share of failures among at least 20 requests that one router sent to a node within ten seconds which makes a fault. 0.05 to 1; 0.5 by default.</summary>
    [Range(0.05, 1)]
    public double ErrorShare { get; set; } = 0.5;

    /// <summary>First quarantine. 1 s to 1 d; 1 min by default. Each one that follows within <see cref="FlapWindow"/> lasts twice as long.</summary>
    [Range(typeof(TimeSpan), Shortest, Day)]
    public TimeSpan Quarantine { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest quarantine, at least <see cref="Quarantine"/>. 1 s to 7 d; 1 h by default.</summary>
    [Range(typeof(TimeSpan), Shortest, Week)]
    public TimeSpan MaxQuarantine { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Trial after a quarantine. 1 s to 1 d; 30 s by default.</summary>
    [Range(typeof(TimeSpan), Shortest, Day)]
    public TimeSpan Probation { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A node that was free of faults for so long after its last trial begins anew. 1 s to 7 d; 1 h by default.</summary>
    [Range(typeof(TimeSpan), Shortest, Week)]
    public TimeSpan FlapWindow { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Share of a cell's nodes that faults may take out at once, 0 to 1; 0.3 by default. At least one node, where there is another: beyond it nodes with faults are suspect only, because faults
    /// that seem to be everywhere are more often those of the measurement.
    /// </summary>
    [Range(0.0, 1.0)]
    public double MaxQuarantinedShare { get; set; } = 0.3;

    /// <summary>Whether a GPU with this XID error must not be trusted.</summary>
    public bool IsFatalXid(int xid) => _fatalXids.Contains(xid);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Parse(FatalXids).Any(x => x is null)) yield return new("must be numbers from 1 to 100000, separated by commas.", [nameof(FatalXids)]);
        if (MaxQuarantine < Quarantine) yield return new($"must be at least Quarantine ({Quarantine}).", [nameof(MaxQuarantine)]);
    }

    private static IEnumerable<int?> Parse(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(x => int.TryParse(x, NumberStyles.None, CultureInfo.InvariantCulture, out var xid) && xid is > 0 and <= 100_000 ? xid : (int?)null);
}
