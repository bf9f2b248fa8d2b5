namespace InferMesh.Cli.Sim.Output;

/// <summary>Writes a file whole or not at all: a reader, or a run that is cut off, never meets half of one.</summary>
internal static class AtomicFile
{
    public static void Write(string path, string text)
    {
        var part = PartOf(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(part, text);
            Done(part, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"cannot write '{path}': {exception.Message}");
        }
        finally
        {
            Remove(part, path);
        }
    }

    /// <summary>The same for what is written piece by piece. The folder must be there.</summary>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        var part = PartOf(path);
        try
        {
            await using (var file = File.Create(part)) await write(file);
            Done(part, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"cannot write '{path}': {exception.Message}");
        }
        finally
        {
            Remove(part, path);
        }
    }

    private static void Done(string part, string path)
    {
        if (part != path) File.Move(part, path, overwrite: true);
    }

    private static void Remove(string part, string path)
    {
        if (part != path && File.Exists(part)) File.Delete(part);
    }

    // A device is written to, not replaced by a file.
    private static string PartOf(string path)
    {
        var full = Path.GetFullPath(path);
        return full.StartsWith("/dev/", StringComparison.Ordinal) ? path : Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(path)}.{Environment.ProcessId}.part");
    }
}
