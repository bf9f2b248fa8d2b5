using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferMesh.Cli.Operator.Backup;

/// <summary>First line of a backup: what it is of, and how to see that it is whole.</summary>
internal sealed record BackupHeader
{
    public const string Mark = "infermesh-backup";
    public const int Newest = 1;

    /// <summary>Length of the line with its end: it is written when the rest is known, at the place that was kept for it.</summary>
    public const int LengthBytes = 1024;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    /// <summary>Always <see cref="Mark"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Version of the format, from 1.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>When the backup began.</summary>
    public DateTimeOffset TakenAt { get; init; }

    /// <summary>Cluster id of the silos.</summary>
    public string ClusterId { get; init; } = "";

    /// <summary>Service id of the silos.</summary>
    public string ServiceId { get; init; } = "";

    /// <summary>Objects by kind.</summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();

    /// <summary>SHA-256 of all that follows the first line, lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Objects in all.</summary>
    [JsonIgnore]
    public long Objects => Counts.Values.Sum();

    /// <summary>How many of each kind, in words.</summary>
    [JsonIgnore]
    public string InWords => Counts.Count == 0 ? "no objects" : string.Join(", ", Counts.OrderBy(static c => ObjectKinds.OrderOf(c.Key)).Select(static c => FormattableString.Invariant($"{c.Key} {c.Value}")));

    public byte[] ToLine()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(this, Options);
        var line = new byte[LengthBytes];
        line.AsSpan().Fill((byte)' ');
        json.CopyTo(line, 0);
        line[^1] = (byte)'\n';
        return line;
    }

    /// <summary>Null when the line is no header.</summary>
    public static BackupHeader? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<BackupHeader>(line, Options) is { Format: Mark } header ? header : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
