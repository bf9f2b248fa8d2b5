using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>How training jobs are placed and kept. Section <c>InferMesh:Jobs</c>.</summary>
public sealed class JobSettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Jobs";

    /// <summary>How long ranks run on without their agent hearing from the mesh; a quarter later the mesh takes them for gone. 2 s to 1 h; 30 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two plans when nothing changes. 50 ms to 1 min; 1 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PlanPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long agents get to start all ranks of a job. 1 s to 1 d; 2 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StartLimit { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a node on which a job failed is left alone by it. 0 to 1 d; 5 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan AvoidFor { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>After which half of what a tenant has used is forgotten. 1 min to 1 year; 1 d by default.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan UsageHalfLife { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long a job gets to leave GPUs that serving lent it and wants back. 1 s to 1 d; 1 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ReclaimAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether jobs may be preempted by ones of higher priority; true by default.</summary>
    public bool Preempt { get; set; } = true;

    /// <summary>How long a job waits before others are moved closer together for it. 0 to 1 d; 5 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ConsolidateAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a job has been in its place before it is made larger or moved to a better one. 0 to 1 d; 2 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan SettledAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>What a restart is taken to cost a job that is made larger or moved. 0 to 1 d; 1 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RestartCost { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Jobs that have ended and are kept, with their logs; the oldest go first. 0 to 1,000,000; 10,000 by default.</summary>
    [Range(0, 1_000_000)]
    public int KeepEnded { get; set; } = 10_000;

    /// <summary>When the mesh takes the ranks of a silent agent for gone.</summary>
    internal TimeSpan GoneAfter => Lease + (Lease / 4 > TimeSpan.FromSeconds(1) ? Lease / 4 : TimeSpan.FromSeconds(1));
}
