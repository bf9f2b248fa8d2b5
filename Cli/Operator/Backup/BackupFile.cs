using System.Security.Cryptography;
using System.Text.Json;

namespace InferMesh.Cli.Operator.Backup;

/// <summary>A backup that was found whole.</summary>
internal sealed class BackupFile
{
    private readonly string _path;

    private BackupFile(string path, BackupHeader header) => (_path, Header) = (path, header);

    public BackupHeader Header { get; }

    /// <summary>Reads all of it once, in little memory.</summary>
    /// <exception cref="UsageException">It cannot be read, is no backup, is of a newer format, or is damaged.</exception>
    public static async Task<BackupFile> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = Open(path);
            var line = new byte[BackupHeader.LengthBytes];
            var length = await file.ReadAtLeastAsync(line, line.Length, throwOnEndOfStream: false, cancellationToken);
            if (length < line.Length || line[^1] != '\n' || BackupHeader.Read(line) is not { } header)
                throw new UsageException($"'{path}' is no backup of infermesh, or its first line is damaged");
            if (header.FormatVersion > BackupHeader.Newest)
                throw new UsageException(FormattableString.Invariant($"'{path}' has format {header.FormatVersion}, and this infermesh reads up to {BackupHeader.Newest}: use a newer one"));
            var hash = await SHA256.HashDataAsync(file, cancellationToken);
            if (!Convert.ToHexStringLower(hash).Equals(header.Sha256, StringComparison.OrdinalIgnoreCase))
                throw new UsageException($"'{path}' is damaged or cut short: its content does not have the SHA-256 that its first line says");
            return new(path, header);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"cannot read '{path}': {exception.Message}");
        }
    }

    /// <summary>Objects, one in memory at a time.</summary>
    /// <exception cref="UsageException">A line is no object.</exception>
    public IEnumerable<JsonElement> Read()
    {
        using var file = Open(_path);
        file.Position = BackupHeader.LengthBytes;
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
        {
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(line);
            }
            catch (JsonException exception)
            {
                throw new UsageException($"'{_path}' is damaged: {exception.Message}");
            }

            using (document)
                yield return document.RootElement;
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan | FileOptions.Asynchronous);
}
