using System.Globalization;
using System.Text.Json.Serialization;

namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>What a client asks of a versioned object.</summary>
internal enum OperationKind
{
    /// <summary>Writes where there must be nothing.</summary>
    Create,

    /// <summary>Writes over a version, or over whatever is there.</summary>
    Replace,

    /// <summary>Deletes a version.</summary>
    Delete,

    /// <summary>Writes the content of an older version anew.</summary>
    Rollback,

    /// <summary>Reads.</summary>
    Read,
}

/// <summary>What a client knows of an operation of its own.</summary>
internal enum Outcome
{
    /// <summary>Acknowledged.</summary>
    Ok,

    /// <summary>Refused: it must not have had any effect.</summary>
    Refused,

    /// <summary>No answer, or one that leaves it open: it may have its effect at any time from its start on, once.</summary>
    Unknown,
}

/// <summary>One operation on one object, as its client saw it.</summary>
internal sealed record Operation
{
    /// <summary>Version of an object that does not exist.</summary>
    public const long None = 0;

    public required long Id { get; init; }

    /// <summary>Object, such as <c>policy/p-1</c>.</summary>
    public required string Key { get; init; }

    public required OperationKind Kind { get; init; }

    /// <summary>Which way it went, such as <c>rest 0</c>.</summary>
    public string Through { get; init; } = "";

    /// <summary>When the client began to send it.</summary>
    public required TimeSpan Invoked { get; init; }

    /// <summary>When the client had the answer; of an unknown outcome, when it gave up.</summary>
    public TimeSpan Completed { get; init; }

    public Outcome Outcome { get; init; } = Outcome.Unknown;

    /// <summary>Of a write: version that must be current; null for any.</summary>
    public long? Expected { get; init; }

    /// <summary>Of a rollback: version whose content is written.</summary>
    public long? Source { get; init; }

    /// <summary>Version that was written or read, or that a refusal named; null when the answer did not say, <see cref="None"/> when there was none.</summary>
    public long? Version { get; init; }

    /// <summary>Content that the answer showed.</summary>
    public string? Content { get; init; }

    /// <summary>Status of the answer, or what went wrong.</summary>
    public string Detail { get; init; } = "";

    [JsonIgnore]
    public bool IsWrite => Kind != OperationKind.Read;

    /// <summary>What a create or replace writes, and whom every write is by: unique.</summary>
    [JsonIgnore]
    public string Tag => TagOf(Id);

    [JsonIgnore]
    public TimeSpan Until => Outcome == Outcome.Unknown ? TimeSpan.MaxValue : Completed;

    public static string TagOf(long id) => string.Create(CultureInfo.InvariantCulture, $"w-{id}");

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"#{Id} {Kind} {Key} expected {Expected?.ToString(CultureInfo.InvariantCulture) ?? "any"} through {Through}, {Invoked.TotalSeconds:0.000} s to {Completed.TotalSeconds:0.000} s: {Outcome} version {Version?.ToString(CultureInfo.InvariantCulture) ?? "?"} {Content} ({Detail})");
}

/// <summary>One version of an object's own history.</summary>
/// <param name="Version">Number, from 1.</param>
/// <param name="Content">Content.</param>
/// <param name="Deleted">It is a deletion.</param>
/// <param name="Author">Tag of the operation that wrote it.</param>
internal sealed record StoredVersion(long Version, string Content, bool Deleted, string Author);
