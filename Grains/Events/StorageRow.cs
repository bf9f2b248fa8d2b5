using System.Diagnostics.CodeAnalysis;

namespace InferMesh.Grains.Events;

/// <summary>One row of storage: what was read or written last, and its version.</summary>
internal sealed class StorageRow<T> : IGrainState<T>
    where T : class, new()
{
    private T _state = new();

    [AllowNull]
    public T State
    {
        get => _state;
        // Storage says null for what is not there.
        set => _state = value ?? new();
    }

    [AllowNull]
    public string ETag { get; set; }

    public bool RecordExists { get; set; }
}
