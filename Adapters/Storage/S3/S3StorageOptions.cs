namespace InferMesh.Adapters.Storage.S3;

/// <summary>An object of a service of S3's kind to measure, addressed by path: <c>endpoint/bucket/key</c>.</summary>
public sealed record S3StorageOptions
{
    /// <summary>Most bytes that one measurement may read.</summary>
    public const long MostBytes = 1 << 30;

    /// <summary>Name in readings.</summary>
    public required string Name { get; init; }

    /// <summary>Root of the service, http or https, for example <c>https://s3.eu-north-1.amazonaws.com</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Region that signatures are for. Default <c>us-east-1</c>, which most services other than AWS take.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of an object that may be read.</summary>
    public required string Key { get; init; }

    /// <summary>Keys to sign with; null asks as anybody.</summary>
    public S3Keys? Keys { get; init; }

    /// <summary>Bytes that are read from the start of the object. Default 1 MiB; 1 to 1 GiB.</summary>
    public long Bytes { get; init; } = 1 << 20;

    /// <summary>Limit of one measurement. Default 10 s; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Never prints a secret.</summary>
    public override string ToString() => $"{Endpoint} {Bucket}/{Key} (timeout {Timeout}, {(Keys is null ? "anonymous" : Keys.ToString())})";
}
