namespace InferMesh.AppHost.Local;

/// <summary>Keeps a second AppHost out of a data directory in use.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Makes the directory where it is missing and takes it.</summary>
    /// <returns>The lock, or the reason why the directory cannot be used.</returns>
    public static (DataDirectoryLock? Lock, string? Refusal) Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"{directory} cannot be made ({e.Message}): choose another with --Mesh:DataDirectory=...");
        }

        try
        {
            return (new(new FileStream(Path.Combine(directory, "apphost.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)), null);
        }
        catch (UnauthorizedAccessException e)
        {
            return (null, $"{directory} cannot be written ({e.Message}): choose another with --Mesh:DataDirectory=...");
        }
        catch (IOException)
        {
            return (null, $"{directory} is in use by another AppHost: stop it, or choose another with --Mesh:DataDirectory=...");
        }
    }

    public void Dispose() => _file.Dispose();
}
