using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>How tenants' budgets travel to the silos. Section <c>InferMesh:Tenancy</c>.</summary>
public sealed class TenancySettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Tenancy";

    /// <summary>How long a silo that is not heard of keeps its leases; so long does what it held count as used. 2 s to 10 min; 10 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest time between using something and reporting it. 20 ms to 1 s; 250 ms by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "00:00:01")]
    public TimeSpan ReportPeriod { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How long a reservation counts that nobody settles or renews, because the API died; its estimate is then counted as used. The API renews what runs every 15 s. 45 s to 1 d; 1 min by default.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:45", "1.00:00:00")]
    public TimeSpan ReservationLease { get; set; } = TimeSpan.FromMinutes(1);
}
