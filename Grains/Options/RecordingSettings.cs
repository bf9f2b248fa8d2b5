using System.ComponentModel.DataAnnotations;

namespace InferMesh.Grains.Options;

/// <summary>Whether and how a silo records its decisions, for <c>infermesh replay-decisions</c>. Section <c>InferMesh:Recording</c>.</summary>
public sealed class RecordingSettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Recording";

    /// <summary>Folder for the files of this silo, on a disk of its machine; it is made when it does not exist. "" records nothing, the default.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Share of the decisions that are recorded, more than 0 to 1. Below 1 the decisions of strategies that learn cannot be made again: a part of what they learned is missing. 1 by default.</summary>
    [Range(0.0001, 1)]
    public double SampleRate { get; set; } = 1;

    /// <summary>Bytes that the files of the folder may take: the oldest go first. 1 MiB to 1 TiB; 1 GiB by default.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxBytes { get; set; } = 1L << 30;

    /// <summary>Age at which files go. 1 min to 90 days; 24 h by default.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Bytes after which a new file is begun, and at most a quarter of <see cref="MaxBytes"/>: what is dropped is a whole file. 64 KiB to 1 GiB; 64 MiB by default.</summary>
    [Range(64L << 10, 1L << 30)]
    public long FileBytes { get; set; } = 64L << 20;

    /// <summary>Bytes of the largest file.</summary>
    internal long LargestFileBytes => Math.Min(FileBytes, MaxBytes / 4);

    /// <summary>Bytes that may wait for the disk; what comes while there are more is dropped and counted, and no request waits. 256 KiB to 1 GiB; 16 MiB by default.</summary>
    [Range(256L << 10, 1L << 30)]
    public long MaxQueuedBytes { get; set; } = 16L << 20;
}
