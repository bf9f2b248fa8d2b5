namespace InferMesh.Strategies.Hosting.DotNet;

/// <summary>Holds an object of a plugin.</summary>
internal interface IReleasable
{
    /// <summary>Forgets it, so that the plugin's code can be unloaded whoever holds this.</summary>
    void Release();
}
