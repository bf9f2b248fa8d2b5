namespace InferMesh.Cli.Sim.Output;

/// <summary>Writes a file whole or not at all: a reader, or a run that is cut off, never meets half of one.</summary>
internal static class AtomicFile
{
    public static void Write(string path, string text)
    {
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            Directory.CreateDirectory(folder);
            var part = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.part");
            File.WriteAllText(part, text);
            File.Move(part, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"cannot write '{path}': {exception.Message}");
        }
    }
}
