using System.Globalization;

namespace InferMesh.Cli.Agent.Training;

/// <summary>What a rank wrote, in a file that is set aside when it is full: at most twice its limit is kept. Thread safe.</summary>
internal sealed class RankLog : IDisposable
{
    public const long DefaultLimit = 10 << 20;
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly long _limit;
    private FileStream? _file;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    public RankLog(string path, long limit = DefaultLimit)
    {
        (_path, _limit) = (path, limit);
        _file = Open();
    }

    public static string NameOf(int rank) => string.Create(CultureInfo.InvariantCulture, $"rank-{rank}.log");

    /// <summary>Adds a line. A disk that takes no more costs the line, never the rank.</summary>
    /// <returns>False when the line is lost.</returns>
    public bool Write(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            if (_file is null)
                return false;
            try
            {
                if (_file.Length > 0 && _file.Length + line.Length + 1 > _limit)
                    Rotate();
                _file.Write(line);
                _file.WriteByte((byte)'\n');
                _file.Flush();
                return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private void Rotate()
    {
        _file?.Dispose();
        _file = null;
        File.Move(_path, _path + ".1", overwrite: true);
        _file = Open();
    }

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
