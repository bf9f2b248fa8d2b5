namespace InferMesh.Simulator.Service;

/// <summary>Hears which prompt blocks a node holds for reuse, as a runtime's KV events tell it. Must not call back into the engine.</summary>
public interface IKvEvents
{
    /// <summary>The block of this chained hash can be reused from now on.</summary>
    void Stored(ulong block);

    /// <summary>The block is gone.</summary>
    void Removed(ulong block);
}
