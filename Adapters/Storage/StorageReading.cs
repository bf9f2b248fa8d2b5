namespace InferMesh.Adapters.Storage;

/// <summary>What one probe of a storage measured.</summary>
/// <remarks>A value that is not known is null and <see cref="Missing"/> says why, keyed by the property's name.</remarks>
public sealed record StorageReading
{
    /// <summary>Name that its operator gave it.</summary>
    public required string Name { get; init; }

    /// <summary><c>file</c> or <c>s3</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether everything that was tried worked.</summary>
    public required bool Healthy { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>Seconds of the smallest useful operation: a block written and on stable storage, or the head of an object.</summary>
    public double? LatencySeconds { get; init; }

    /// <summary>Bytes written per second, to stable storage; null for S3, where the probe writes nothing.</summary>
    public double? WriteBytesPerSecond { get; init; }

    /// <summary>Bytes read per second.</summary>
    public double? ReadBytesPerSecond { get; init; }

    /// <summary>Seconds to the first byte of a read.</summary>
    public double? FirstByteSeconds { get; init; }

    /// <summary>True when the page cache may have answered the read: the figure is then of memory at best. False for S3, whose caches are not ours to know.</summary>
    public bool? ReadMayBeCached { get; init; }

    /// <summary>Bytes that may still be written, seen from this process.</summary>
    public long? FreeBytes { get; init; }

    /// <summary>Bytes of the file system, or of the object.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Field name to the reason why that field is null.</summary>
    public IReadOnlyDictionary<string, string> Missing { get; init; } = MissingFields.None;

    /// <summary>When the measurement began.</summary>
    public required DateTimeOffset SampledAt { get; init; }

    /// <summary>The same reading with a reason for every null.</summary>
    internal StorageReading Complete(MissingFields missing, string otherwise)
    {
        (string Field, bool Known)[] fields =
        [
            (nameof(Error), true), (nameof(LatencySeconds), LatencySeconds is not null), (nameof(WriteBytesPerSecond), WriteBytesPerSecond is not null),
            (nameof(ReadBytesPerSecond), ReadBytesPerSecond is not null), (nameof(FirstByteSeconds), FirstByteSeconds is not null),
            (nameof(ReadMayBeCached), ReadMayBeCached is not null), (nameof(FreeBytes), FreeBytes is not null), (nameof(TotalBytes), TotalBytes is not null),
        ];
        foreach (var (field, known) in fields)
        {
            if (!known)
                missing.Add(field, otherwise);
        }
        return this with { Missing = missing.ToReadOnly() };
    }
}
