namespace InferMesh.Grains.Abstractions.Versions;

/// <summary>A stored object that is written as a whole, as one version after the other.</summary>
public interface IVersioned
{
    /// <summary>Name: the key of its grain.</summary>
    string Name { get; }

    /// <summary>Grows by one with each change, also over a deletion.</summary>
    long Version { get; }

    /// <summary>This version is a deletion.</summary>
    bool Deleted { get; }
}
