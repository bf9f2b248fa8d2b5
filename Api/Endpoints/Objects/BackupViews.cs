using System.Text.Json;
using InferMesh.Grains.Abstractions.Backup;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>An object as it is stored.</summary>
internal sealed record SavedObject
{
    /// <summary>Kind. Required.</summary>
    public string? Kind { get; init; }

    /// <summary>Name; of nodes and jobs their id. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Version.</summary>
    public long Version { get; init; }

    /// <summary>It is deleted, and has a history; absent when it is not.</summary>
    public bool? Deleted { get; init; }

    /// <summary>What the mesh stores of it, for the mesh alone to read. Required.</summary>
    public JsonElement? State { get; init; }
}

/// <summary>One page of a backup.</summary>
internal sealed record BackupPage
{
    /// <summary>Cluster id of the silos.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Service id of the silos.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Objects, those first that others may refer to.</summary>
    public required IReadOnlyList<SavedObject> Items { get; init; }

    /// <summary>Give it as <c>cursor</c> to read on; absent on the last page.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>Objects to restore.</summary>
internal sealed record RestoreBody
{
    /// <summary>1 to 1000 objects as a backup has them. Required.</summary>
    public IReadOnlyList<SavedObject?>? Objects { get; init; }
}

/// <summary>What became of the objects, or would become of them.</summary>
internal sealed record RestoreView
{
    /// <summary>Nothing was changed.</summary>
    public bool DryRun { get; init; }

    /// <summary>Objects in the order in which they were sent.</summary>
    public required IReadOnlyList<RestoredObject> Items { get; init; }
}

/// <summary>What became of one object.</summary>
internal sealed record RestoredObject
{
    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>What became of it: created, unchanged, overwritten, kept, conflict or invalid.</summary>
    public RestoreStatus Action { get; init; }

    /// <summary>Version that is current; absent when there is none.</summary>
    public long? Version { get; init; }

    /// <summary>Why it was not taken, or how much of it.</summary>
    public string? Reason { get; init; }
}
