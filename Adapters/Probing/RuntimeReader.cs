using InferMesh.Adapters.Runtimes;

namespace InferMesh.Adapters.Probing;

/// <summary>Keeps the newest word about one runtime.</summary>
internal sealed class RuntimeReader(RuntimeTarget target, TimeProvider time)
{
    /// <summary>A page may be broken in every line; the first words say enough.</summary>
    private const int MaxErrorLength = 500;

    private readonly ProbeLoop<RuntimeReading> _loop = new(token => target.Probe.ReadAsync(token).AsTask(), target.Interval, target.Timeout, time);

    public Task First => _loop.First;

    /// <inheritdoc cref="ProbeLoop{T}.Reading"/>
    public Task Reading => _loop.Reading;

    public long Version => _loop.Latest?.Version ?? 0;

    public Task RunAsync(long anchor, CancellationToken cancellationToken) => _loop.RunAsync(anchor, cancellationToken);

    public RuntimeEntry Current() => _loop.Latest switch
    {
        { Value: { } reading } latest => new RuntimeEntry
        {
            Target = target,
            Healthy = reading.Healthy,
            Error = Short(reading.Error ?? (reading.Healthy ? "" : "the runtime says that it is not healthy")),
            Models = reading.Models,
            Synthetic = reading.Synthetic,
            SampledAt = latest.SampledAt,
        },
        { } failed => new RuntimeEntry { Target = target, Healthy = false, Error = Short(failed.Failure ?? "no answer"), SampledAt = failed.SampledAt },
        null => new RuntimeEntry { Target = target, Healthy = false, Error = "not read yet", SampledAt = time.GetTimestamp() },
    };

    private static string Short(string error) => error.Length <= MaxErrorLength ? error : error[..MaxErrorLength] + "...";
}
