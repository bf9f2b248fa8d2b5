namespace InferMesh.Adapters.Storage;

/// <summary>A folder to measure.</summary>
public sealed record FileStorageOptions
{
    /// <summary>Least and most bytes of the temporary file.</summary>
    public const long LeastBytes = 64 << 10, MostBytes = 1 << 30;

    /// <summary>Name in readings.</summary>
    public required string Name { get; init; }

    /// <summary>Folder in which the temporary file is made; it must exist.</summary>
    public required string Folder { get; init; }

    /// <summary>Size of the temporary file, in bytes. Default 8 MiB; 64 KiB to 1 GiB, rounded down to whole blocks of 4 KiB.</summary>
    public long Bytes { get; init; } = 8 << 20;

    /// <summary>Limit of one measurement. Default 10 s; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads around the page cache where the system can. Default true.</summary>
    public bool Direct { get; init; } = true;
}
