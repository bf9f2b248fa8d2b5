using System.Security.Cryptography;
using System.Text.Json;

namespace InferMesh.Cli.Operator.Backup;

/// <summary>Writes a backup beside its place, and puts it there when it is whole: there is never half a backup under its name.</summary>
internal sealed class BackupWriter : IDisposable
{
    private const string Suffix = ".partial";
    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    private BackupWriter(string path, FileStream file) => (_path, _file) = (path, file);

    /// <exception cref="UsageException">The file cannot be written.</exception>
    public static BackupWriter Create(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 1 << 16 };
            // It holds hashes of keys, and the environments of jobs.
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var file = new FileStream(path + Suffix, options);
            file.Write(new byte[BackupHeader.LengthBytes]);
            return new(path, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--output: cannot write '{path}': {exception.Message}");
        }
    }

    public void Add(JsonElement saved)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(saved), (byte)'\n'];
        _hash.AppendData(line);
        _file.Write(line);
        var kind = saved.Text("kind");
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
    }

    /// <summary>Makes it whole.</summary>
    /// <param name="takenAt">When it began.</param>
    /// <param name="clusterId">Cluster id of the silos.</param>
    /// <param name="serviceId">Service id of the silos.</param>
    public BackupHeader Complete(DateTimeOffset takenAt, string clusterId, string serviceId)
    {
        var header = new BackupHeader
        {
            Format = BackupHeader.Mark,
            FormatVersion = BackupHeader.Newest,
            TakenAt = takenAt,
            ClusterId = clusterId,
            ServiceId = serviceId,
            Counts = _counts,
            Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset()),
        };
        _file.Position = 0;
        _file.Write(header.ToLine());
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_path + Suffix, _path, overwrite: true);
        return header;
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        // What is left has not become a backup.
        File.Delete(_path + Suffix);
    }
}
