using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.NvidiaSmi;

/// <summary>GPU readings from <c>nvidia-smi -q -x</c>, for machines where the library itself cannot be loaded. Thread-safe.</summary>
public sealed class NvidiaSmiGpuSource : IGpuSource
{
    private const string Tool = "nvidia-smi";
    private static readonly string[] Arguments = ["-q", "-x"];

    private readonly NvidiaSmiOptions _options;
    private bool _disposed;

    /// <summary>Creates the source; nothing is run before the first read.</summary>
    /// <param name="options">How the tool is run; null takes the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public NvidiaSmiGpuSource(NvidiaSmiOptions? options = null)
    {
        _options = options ?? new NvidiaSmiOptions();
        ToolLimits.Check(_options.Timeout, _options.MaxOutputBytes);
    }

    /// <inheritdoc/>
    public string Name => Tool;

    /// <inheritdoc/>
    public GpuSourceResult Read()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (ToolPath.Find(_options.Path, Tool) is not { } file)
            return new GpuSourceResult.Unavailable(GpuSourceFailure.ToolNotFound, $"{_options.Path ?? Tool} was not found");
        var (output, failure) = ToolRun.Run(file, Arguments, _options.Timeout, _options.MaxOutputBytes);
        if (output is null)
            return failure!;
        // A board with a damaged infoROM makes the tool end with an error after a whole document.
        var (snapshot, error) = Parse(output.Output);
        if (snapshot is not null)
            return new GpuSourceResult.Available(snapshot);
        return output.ExitCode == 0
            ? new GpuSourceResult.Unavailable(GpuSourceFailure.Unreadable, $"{file}: {error}")
            : new GpuSourceResult.Unavailable(Kind(output.ExitCode), $"{file}: {output.Ending}");
    }

    /// <inheritdoc/>
    public void Dispose() => _disposed = true;

    /// <summary>The snapshot of a document, or why there is none. Never throws.</summary>
    internal static (GpuSnapshot? Snapshot, string? Error) Parse(string output)
    {
        var (root, error) = NvidiaSmiNode.Parse(output);
        if (root is null)
            return (null, error);
        if (root.Name != "nvidia_smi_log")
            return (null, "the XML is not a log of nvidia-smi");
        return (new GpuSnapshot
        {
            Source = Tool,
            Readings = [.. root.All("gpu").Select(NvidiaSmiReading.Of)],
            DriverVersion = root.At("driver_version")?.Text is { Length: > 0 } version ? version : null,
        }, null);
    }

    /// <summary>Return values as the tool's manual lists them.</summary>
    private static GpuSourceFailure Kind(int exitCode) => exitCode switch
    {
        4 => GpuSourceFailure.NoPermission,
        9 => GpuSourceFailure.NotInitialised,
        12 => GpuSourceFailure.LibraryNotFound,
        13 => GpuSourceFailure.FunctionMissing,
        18 => GpuSourceFailure.DriverMismatch,
        _ => GpuSourceFailure.Unknown,
    };
}
