using System.Threading.Channels;
using InferMesh.Grains.Options;
using InferMesh.Strategies.Recording;

namespace InferMesh.Grains.Recording;

/// <summary>
/// Writes blocks to files behind the routers' back. Blocks wait in a bounded queue; when it is full, or the disk has failed since the last file was begun, the next ones are refused. The oldest files go
/// when all of them are too many or too old.
/// </summary>
internal sealed partial class RecordingFiles : IRecordingSink, IAsyncDisposable
{
    private readonly Channel<Block> _blocks = Channel.CreateUnbounded<Block>(new() { SingleReader = true });
    private readonly RecordingSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ulong _recording;
    private readonly Task _writing;
    private long _queuedBytes;
    private int _failedFile = -1;

    public RecordingFiles(RecordingSettings settings, ulong recording, TimeProvider time, ILogger logger)
    {
        (_settings, _recording, _time, _logger) = (settings, recording, time, logger);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Bytes that wait.</summary>
    public long QueuedBytes => Interlocked.Read(ref _queuedBytes);

    public bool TryWrite(byte[] bytes, int file, bool begins)
    {
        if (Volatile.Read(ref _failedFile) == file || QueuedBytes + bytes.Length > _settings.MaxQueuedBytes) return false;
        Interlocked.Add(ref _queuedBytes, bytes.Length);
        if (_blocks.Writer.TryWrite(new(bytes, file, begins))) return true;
        Interlocked.Add(ref _queuedBytes, -bytes.Length);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        _blocks.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        FileStream? open = null;
        try
        {
            await foreach (var block in _blocks.Reader.ReadAllAsync())
            {
                try
                {
                    if (block.Begins) open = await BeginAsync(open, block.File);
                    // A file that failed stays as far as it came: its later blocks would stand behind a gap.
                    if (open is null || _failedFile == block.File) continue;
                    await open.WriteAsync(block.Bytes);
                    await open.FlushAsync();
                    RecordingMetrics.Bytes.Add(block.Bytes.Length);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Volatile.Write(ref _failedFile, block.File);
                    NotWritten(_settings.Folder, e.Message);
                }
                finally
                {
                    Interlocked.Add(ref _queuedBytes, -block.Bytes.Length);
                }
            }
        }
        finally
        {
            if (open is not null) await open.DisposeAsync();
        }
    }

    private async Task<FileStream> BeginAsync(FileStream? last, int file)
    {
        if (last is not null) await last.DisposeAsync();
        System.IO.Directory.CreateDirectory(_settings.Folder);
        Clean();
        return new(Path.Combine(_settings.Folder, RecordingFormat.FileName(_recording, file)), FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
    }

    /// <summary>Leaves room for the file that is begun.</summary>
    private void Clean()
    {
        var left = _settings.MaxBytes - _settings.FileBytes;
        var oldest = _time.GetUtcNow().UtcDateTime - _settings.MaxAge;
        foreach (var file in new DirectoryInfo(_settings.Folder).EnumerateFiles("*" + RecordingFormat.Extension).OrderByDescending(static f => f.LastWriteTimeUtc))
        {
            left -= file.Length;
            if (left < 0 || file.LastWriteTimeUtc < oldest) file.Delete();
        }
    }

    [LoggerMessage(LogLevel.Error, "Decisions are not recorded for now, '{Folder}' cannot be written to: {Reason}")]
    private partial void NotWritten(string folder, string reason);

    private readonly record struct Block(byte[] Bytes, int File, bool Begins);
}
