using System.Text.Json;
using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>GPU readings from AMD's tools: amd-smi, or its predecessor rocm-smi. Thread-safe: reads are serialised.</summary>
public sealed class RocmGpuSource : IGpuSource
{
    private const string SourceName = "rocm";

    private readonly RocmGpuOptions _options;
    private readonly Lock _gate = new();
    private JsonElement _statics; // what amd-smi says once; undefined until then
    private bool _disposed;

    /// <summary>Creates the source; nothing is run before the first read.</summary>
    /// <param name="options">How the tools are run; null takes the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public RocmGpuSource(RocmGpuOptions? options = null)
    {
        _options = options ?? new RocmGpuOptions();
        ToolLimits.Check(_options.Timeout, _options.MaxOutputBytes);
    }

    /// <inheritdoc/>
    public string Name => SourceName;

    /// <inheritdoc/>
    public GpuSourceResult Read()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            GpuSourceResult? failure = null;
            foreach (var file in Files())
            {
                var result = IsAmdSmi(file) ? ReadAmdSmi(file) : ReadRocmSmi(file);
                if (result is GpuSourceResult.Available)
                    return result;
                failure ??= result;
            }
            return failure ?? new GpuSourceResult.Unavailable(GpuSourceFailure.ToolNotFound, $"{_options.Path ?? $"{AmdSmiReading.Tool} or {RocmSmiReading.Tool}"} was not found");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _disposed = true;

    /// <summary>The snapshot of a document of rocm-smi; null when it holds no card. Never throws.</summary>
    internal static GpuSnapshot? ParseRocmSmi(string output)
    {
        using var document = RocmJson.Parse(output);
        return document is null ? null : RocmSmiReading.Read(document.RootElement, SourceName);
    }

    /// <summary>The snapshot of two documents of amd-smi; null when the metrics hold no GPU. Never throws.</summary>
    internal static GpuSnapshot? ParseAmdSmi(string metrics, string statics)
    {
        using var changing = RocmJson.Parse(metrics);
        using var lasting = RocmJson.Parse(statics);
        return changing is null ? null : AmdSmiReading.Read(changing.RootElement, lasting?.RootElement ?? default, SourceName);
    }

    private IEnumerable<string> Files()
    {
        string?[] found = _options.Path is { } path
            ? [ToolPath.Find(path, RocmSmiReading.Tool)]
            : [ToolPath.Find(null, AmdSmiReading.Tool), ToolPath.Find(null, RocmSmiReading.Tool)];
        return found.OfType<string>();
    }

    private static bool IsAmdSmi(string file) => Path.GetFileName(file).StartsWith(AmdSmiReading.Tool, StringComparison.OrdinalIgnoreCase);

    private GpuSourceResult ReadRocmSmi(string file)
    {
        var (output, failure) = ToolRun.Run(file, RocmSmiReading.Arguments, _options.Timeout, _options.MaxOutputBytes);
        return output is null ? failure! : Result(file, output, ParseRocmSmi(output.Output));
    }

    private GpuSourceResult ReadAmdSmi(string file)
    {
        var (output, failure) = ToolRun.Run(file, AmdSmiReading.MetricArguments, _options.Timeout, _options.MaxOutputBytes);
        if (output is null)
            return failure!;
        using var metrics = RocmJson.Parse(output.Output);
        if (metrics is null)
            return Result(file, output, null);
        // Names and serials do not change, and the tool takes its time: they are asked for again only when GPUs come or go.
        if (AmdSmiReading.Count(metrics.RootElement) != AmdSmiReading.Count(_statics))
            _statics = Statics(file);
        return Result(file, output, AmdSmiReading.Read(metrics.RootElement, _statics, SourceName));
    }

    private JsonElement Statics(string file)
    {
        var (output, _) = ToolRun.Run(file, AmdSmiReading.StaticArguments, _options.Timeout, _options.MaxOutputBytes);
        using var document = output is null ? null : RocmJson.Parse(output.Output);
        return document?.RootElement.Clone() ?? default;
    }

    /// <summary>The tools end with an error when one of many questions has no answer: a whole document counts for more.</summary>
    private static GpuSourceResult Result(string file, ToolOutput output, GpuSnapshot? snapshot) =>
        snapshot is not null ? new GpuSourceResult.Available(snapshot)
        : output.ExitCode == 0 ? new GpuSourceResult.Unavailable(GpuSourceFailure.Unreadable, $"{file} printed no JSON with a GPU")
        : new GpuSourceResult.Unavailable(GpuSourceFailure.Unknown, $"{file}: {output.Ending}");
}
