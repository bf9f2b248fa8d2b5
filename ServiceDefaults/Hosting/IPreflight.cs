namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>
/// Something that must hold before the host starts, such as a store that answers. <see cref="MeshHost"/> runs all of them first, so
/// that a missing store is one readable line instead of the stack traces of everything that needs it.
/// </summary>
public interface IPreflight
{
    /// <summary>Returns when it holds; may wait for it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task.</returns>
    /// <exception cref="StartupException">It does not hold, and waiting longer is useless.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
