using System.Globalization;

namespace InferMesh.Adapters.Storage;

/// <summary>Measures a folder: a temporary file of bounded size is written, forced to stable storage, read back and removed. Thread-safe; one measurement at a time.</summary>
public sealed class FileStorageProbe : IStorageProbe
{
    private const string Kind = "file";

    private readonly FileStorageOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Task<StorageReading>? _running;

    /// <summary>Creates the probe; nothing is touched before the first read.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="time">Clock of the limit and of the readings.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public FileStorageProbe(FileStorageOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (string.IsNullOrEmpty(options.Name))
            throw new ArgumentException($"{nameof(options.Name)} must be set", nameof(options));
        if (string.IsNullOrEmpty(options.Folder))
            throw new ArgumentException($"{nameof(options.Folder)} must name a folder", nameof(options));
        if (options.Bytes is < FileStorageOptions.LeastBytes or > FileStorageOptions.MostBytes)
            throw new ArgumentException($"{nameof(options.Bytes)} is {options.Bytes}; it must be from {FileStorageOptions.LeastBytes} to {FileStorageOptions.MostBytes}", nameof(options));
        if (options.Timeout <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(options.Timeout)} is {options.Timeout}; it must be above zero", nameof(options));
        (_options, _time) = (options, time);
    }

    /// <inheritdoc/>
    public string Name => _options.Name;

    /// <inheritdoc/>
    public async ValueTask<StorageReading> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = _time.GetUtcNow();
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var token = either.Token;
        Task<StorageReading> running;
        lock (_gate)
        {
            // A share that hangs holds its thread until it answers: a second one would only wait beside it.
            if (_running is { IsCompleted: false })
                return Failed("the measurement before has not come back: the file system hangs", started);
            running = _running = Task.Run(() => Measure(started, token), CancellationToken.None);
        }
        try
        {
            return await running.WaitAsync(token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(string.Create(CultureInfo.InvariantCulture, $"not done within {_options.Timeout.TotalSeconds:0.###} s"), started);
        }
    }

    private StorageReading Measure(DateTimeOffset started, CancellationToken cancellationToken)
    {
        var missing = new MissingFields();
        try
        {
            if (!Directory.Exists(_options.Folder))
                return Failed($"{_options.Folder} is no folder", started);
            var drive = new DriveInfo(_options.Folder);
            var reading = new StorageReading { Name = Name, Kind = Kind, Healthy = true, FreeBytes = drive.AvailableFreeSpace, TotalBytes = drive.TotalSize, SampledAt = started };
            if (WantOfRoom(drive.AvailableFreeSpace, _options.Bytes) is { } want)
                return (reading with { Healthy = false, Error = want }).Complete(missing, want);
            using var file = new ProbeFile(_options.Folder, _options.Bytes);
            reading = reading with { LatencySeconds = file.WriteBlock(), WriteBytesPerSecond = file.Write(cancellationToken) };
            var read = file.Read(_options.Direct, cancellationToken);
            return (reading with { FirstByteSeconds = read.FirstByteSeconds, ReadBytesPerSecond = read.BytesPerSecond, ReadMayBeCached = !read.Direct }).Complete(missing, "it was not measured");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Failed(exception.Message.ReplaceLineEndings(" "), started);
        }
    }

    /// <summary>Why there is too little room to measure; null when there is enough. To fill a disk for the sake of its speed helps nobody.</summary>
    internal static string? WantOfRoom(long free, long bytes) => free >= 2 * bytes ? null : $"only {free} bytes are free; twice {bytes} are wanted";

    private StorageReading Failed(string error, DateTimeOffset started) =>
        new StorageReading { Name = Name, Kind = Kind, Healthy = false, Error = error, SampledAt = started }.Complete(new MissingFields(), error);
}
