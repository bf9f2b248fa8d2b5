using System.Text.Json.Nodes;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>What becomes of one object.</summary>
internal enum ObjectAction
{
    /// <summary>There was none of this name.</summary>
    Created,

    /// <summary>It has other content now.</summary>
    Changed,

    /// <summary>It is as it should be; no new version was written.</summary>
    Unchanged,

    /// <summary>Another version is current than the change was made of.</summary>
    Conflict,

    /// <summary>The mesh did not confirm the change, which may have been made.</summary>
    Failed,

    /// <summary>Its turn did not come: an object before it could not be applied.</summary>
    NotApplied,
}

/// <summary>What apply did, or would do.</summary>
internal sealed record ApplyView
{
    /// <summary>Nothing was changed.</summary>
    public bool DryRun { get; init; }

    /// <summary>Objects in the order of their manifests.</summary>
    public required IReadOnlyList<ObjectChangeView> Items { get; init; }
}

/// <summary>What becomes of one object, and what that changes.</summary>
internal sealed record ObjectChangeView
{
    /// <summary>Place of its manifest, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Name as in the manifest.</summary>
    public required string Name { get; init; }

    /// <summary>What becomes of it: created, changed, unchanged, conflict, failed or not_applied.</summary>
    public ObjectAction Action { get; init; }

    /// <summary>Version that the difference was made of; absent when there was none.</summary>
    public long? Version { get; init; }

    /// <summary>Version that was written; absent when none was.</summary>
    public long? NewVersion { get; init; }

    /// <summary>Fields that differ; empty for what is created.</summary>
    public required IReadOnlyList<FieldChangeView> Changes { get; init; }

    /// <summary>Content that is there; absent when it is not, or when nothing changes.</summary>
    public JsonNode? Before { get; init; }

    /// <summary>Content that should be there, with every default; absent when nothing changes.</summary>
    public JsonNode? After { get; init; }

    /// <summary>Why it could not be applied.</summary>
    public string? Reason { get; init; }
}

/// <summary>A field that differs.</summary>
internal sealed record FieldChangeView
{
    /// <summary>Path within the spec, such as `routing.parameters.network_weight`.</summary>
    public required string Path { get; init; }

    /// <summary>Value that is there; absent when there is none.</summary>
    public JsonNode? Before { get; init; }

    /// <summary>Value that should be there; absent when there should be none.</summary>
    public JsonNode? After { get; init; }
}

/// <summary>Something that is wrong with a manifest.</summary>
internal sealed record ManifestErrorView
{
    /// <summary>Place of the manifest, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Kind, as far as it can be read.</summary>
    public string? Kind { get; init; }

    /// <summary>Name, as far as it can be read.</summary>
    public string? Name { get; init; }

    /// <summary>Field, from the root of the manifest.</summary>
    public required string Field { get; init; }

    /// <summary>What is wrong, and how to mend it.</summary>
    public required string Message { get; init; }

    public static ManifestErrorView Of(int index, Manifest? manifest, FieldError error) =>
        new() { Index = index, Kind = manifest?.Kind, Name = manifest?.Metadata?.Name, Field = error.Field, Message = error.Message };
}
