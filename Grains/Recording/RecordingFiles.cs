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
    // Also when nothing is written: files grow old without.
    private static readonly TimeSpan CleanPeriod = TimeSpan.FromMinutes(1);

    private readonly Channel<Block> _blocks = Channel.CreateUnbounded<Block>(new() { SingleReader = true });
    private readonly RecordingSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ulong _recording;
    private readonly Task _writing;
    private readonly ITimer _cleaner;
    private long _queuedBytes, _lost;
    private int _failedFile = -1;
    private bool _failing;

    public RecordingFiles(RecordingSettings settings, ulong recording, TimeProvider time, ILogger logger)
    {
        (_settings, _recording, _time, _logger) = (settings, recording, time, logger);
        _writing = Task.Run(WriteAsync);
        _cleaner = time.CreateTimer(_ => _blocks.Writer.TryWrite(default), null, CleanPeriod, CleanPeriod);
    }

    /// <summary>Bytes that wait.</summary>
    public long QueuedBytes => Interlocked.Read(ref _queuedBytes);

    /// <summary>Decisions that were taken and that the disk did not.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public bool TryWrite(byte[] bytes, int file, bool begins, int decisions = 0)
    {
        if (Volatile.Read(ref _failedFile) == file || QueuedBytes + bytes.Length > _settings.MaxQueuedBytes) return false;
        Interlocked.Add(ref _queuedBytes, bytes.Length);
        if (_blocks.Writer.TryWrite(new(bytes, file, begins, decisions))) return true;
        Interlocked.Add(ref _queuedBytes, -bytes.Length);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _cleaner.DisposeAsync();
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
                if (block.Bytes is null) TryClean(open);
                else open = await TryAppendAsync(open, block);
            }
        }
        finally
        {
            try
            {
                if (open is not null) await open.DisposeAsync();
            }
            catch (IOException e)
            {
                NotWritten(_settings.Folder, e.Message);
            }
        }
    }

    /// <summary>Appends a block to its file, or counts what is lost with it; never throws. Returns the file that is open.</summary>
    private async Task<FileStream?> TryAppendAsync(FileStream? open, Block block)
    {
        var isWritten = false;
        try
        {
            if (block.Begins) open = await BeginAsync(open, block.File);
            // A file that failed stays as far as it came: its later blocks would stand behind a gap.
            if (open is null || _failedFile == block.File) return open;
            await open.WriteAsync(block.Bytes);
            await open.FlushAsync();
            RecordingMetrics.Bytes.Add(block.Bytes.Length);
            isWritten = true;
            if (_failing) WrittenAgain(_settings.Folder);
            _failing = false;
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failedFile, block.File);
            if (!_failing) NotWritten(_settings.Folder, e.Message);
            _failing = true;
        }
        finally
        {
            Interlocked.Add(ref _queuedBytes, -block.Bytes.Length);
            if (!isWritten) Interlocked.Add(ref _lost, block.Decisions);
        }
        return open;
    }

    private async Task<FileStream> BeginAsync(FileStream? last, int file)
    {
        if (last is not null) await last.DisposeAsync();
        System.IO.Directory.CreateDirectory(_settings.Folder);
        Clean(null);
        return new(Path.Combine(_settings.Folder, RecordingFormat.FileName(_recording, file)), FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
    }

    private void TryClean(FileStream? open)
    {
        try
        {
            Clean(open?.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file that is begun next says so.
        }
    }

    /// <summary>Leaves room for the file that is begun, or written.</summary>
    private void Clean(string? open)
    {
        var left = _settings.MaxBytes - _settings.LargestFileBytes;
        var oldest = _time.GetUtcNow().UtcDateTime - _settings.MaxAge;
        foreach (var file in new DirectoryInfo(_settings.Folder).EnumerateFiles("*" + RecordingFormat.Extension).OrderByDescending(static f => f.LastWriteTimeUtc))
        {
            if (file.FullName == open) continue;
            left -= file.Length;
            if (left < 0 || file.LastWriteTimeUtc < oldest) file.Delete();
        }
    }

    [LoggerMessage(LogLevel.Error, "Decisions are not recorded for now, '{Folder}' cannot be written to: {Reason}")]
    private partial void NotWritten(string folder, string reason);

    [LoggerMessage(LogLevel.Information, "'{Folder}' can be written to again, and decisions are recorded")]
    private partial void WrittenAgain(string folder);

    private readonly record struct Block(byte[] Bytes, int File, bool Begins, int Decisions);
}
