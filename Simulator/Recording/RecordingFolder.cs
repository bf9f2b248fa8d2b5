using InferMesh.Strategies.Recording;

namespace InferMesh.Simulator.Recording;

/// <summary>A folder that a recording is written to at once, on the thread that records: for whoever has no router to hold up. It ends with the first thing that cannot be written.</summary>
/// <param name="folder">The folder; it is made when it does not exist.</param>
/// <param name="recording">The recording.</param>
public sealed class RecordingFolder(string folder, ulong recording) : IRecordingSink, IDisposable
{
    private FileStream? _file;

    /// <summary>What could not be written, and why; null when all could.</summary>
    public string? Problem { get; private set; }

    /// <inheritdoc/>
    public bool TryWrite(byte[] bytes, int file, bool begins, int decisions)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (Problem is not null) return false;
        var path = Path.Combine(folder, RecordingFormat.FileName(recording, file));
        try
        {
            if (begins)
            {
                _file?.Dispose();
                Directory.CreateDirectory(folder);
                // Whole blocks come: a buffer would only put errors off.
                _file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            }
            _file!.Write(bytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"cannot write '{path}': {e.Message}";
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>Files of recordings, in the order in which they are read: that of their names.</summary>
    /// <param name="path">A file, or a folder with files at any depth.</param>
    /// <exception cref="FileNotFoundException">There is nothing, or a folder without recordings.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (File.Exists(path)) return [path];
        if (!Directory.Exists(path)) throw new FileNotFoundException($"'{path}' does not exist");
        string[] files = [.. Directory.EnumerateFiles(path, "*" + RecordingFormat.Extension, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new FileNotFoundException($"'{path}' holds no file that ends in {RecordingFormat.Extension}");
    }
}
