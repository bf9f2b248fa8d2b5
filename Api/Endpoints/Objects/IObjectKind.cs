using System.Text.Json.Nodes;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>One kind of object that backups are of. Thread-safe.</summary>
internal interface ISavedKind
{
    /// <summary>Kind as backups and manifests name it.</summary>
    string Name { get; }

    /// <summary>Type of its grains.</summary>
    string GrainType { get; }

    /// <summary>Most of them on a page.</summary>
    int MostPerPage => int.MaxValue;

    /// <summary>Whether a grain of this key may be asked for: a call makes a grain of whatever it is given.</summary>
    bool IsKey(string key);

    /// <summary>Whether a text is a place that <see cref="KeysAsync"/> gave.</summary>
    bool IsPlace(string place);

    /// <summary>Keys after a place, in the kind's order, those of objects that are deleted among them.</summary>
    Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken);
}

/// <summary>One kind of object that manifests and backups are of. Thread-safe.</summary>
internal interface IObjectKind : ISavedKind
{
    /// <summary>Whether it is work and not configuration: exported only when it is asked for.</summary>
    bool IsWork { get; }

    /// <summary>Whether a manifest may have this name.</summary>
    bool IsName(string name);

    /// <summary>The object; null when there is none.</summary>
    Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Reads a manifest and compares it with what is there; nothing is written.</summary>
    Task<Draft> DraftAsync(Manifest manifest, CancellationToken cancellationToken);
}

/// <summary>Some keys of a kind.</summary>
/// <param name="Keys">Keys.</param>
/// <param name="More">There are more.</param>
internal sealed record KeyPage(IReadOnlyList<string> Keys, bool More)
{
    /// <summary>Where the page ends; "" when it is empty.</summary>
    public string End { get; init; } = Keys is [.., var last] ? last : "";
}

/// <summary>An object as it is stored.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Spec">Its content, as it may be shown.</param>
internal sealed record StoredObject(long Version, JsonNode Spec);

/// <summary>What came of a write.</summary>
/// <param name="Version">Version that is current.</param>
/// <param name="Refusal">Why it was refused; null when it was not.</param>
internal sealed record Written(long Version, string? Refusal);

/// <summary>A manifest that was read, beside what is there.</summary>
internal sealed record Draft
{
    /// <summary>All that is wrong; then nothing else counts.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>Key of its grain.</summary>
    public string Key { get; init; } = "";

    /// <summary>What is there; null when nothing is.</summary>
    public StoredObject? Current { get; init; }

    /// <summary>Content that should be there.</summary>
    public JsonNode? After { get; init; }

    /// <summary>They say the same.</summary>
    public bool IsSame { get; init; }

    /// <summary>Writes it, as an actor, if <see cref="Current"/> is still there.</summary>
    public Func<string, CancellationToken, Task<Written>> WriteAsync { get; init; } = static (_, _) => throw new InvalidOperationException("There is nothing to write.");
}
