namespace InferMesh.ServiceDefaults.Configuration;

/// <summary>Which process of the mesh reads the settings; the settings file has a section of this name for each.</summary>
public enum MeshRole
{
    /// <summary>A silo.</summary>
    Silo,

    /// <summary>An API.</summary>
    Api,
}
