using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Storage;

namespace InferMesh.Tests.Unit.Adapters.Probing;

/// <summary>A runtime that answers as told: healthy, failing, throwing, slow or deaf.</summary>
internal sealed class FakeRuntimeProbe : IRuntimeProbe
{
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public Func<CancellationToken, Task<RuntimeReading>> Behaviour { get; set; } = _ => Task.FromResult(Healthy());

    public ValueTask<RuntimeReading> ReadAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return new(Behaviour(cancellationToken));
    }

    public static RuntimeReading Healthy(bool synthetic = false) => new()
    {
        Runtime = "vllm",
        Endpoint = "http://127.0.0.1:8000",
        Healthy = true,
        Synthetic = synthetic,
        SampledAt = DateTimeOffset.UnixEpoch,
        Models = [new ModelReading { Model = "m", Runtime = "vllm", Loaded = true, Running = 3, Waiting = 1, SampledAt = DateTimeOffset.UnixEpoch }],
    };

    public RuntimeTarget Target(string endpoint = "http://127.0.0.1:8000") => new()
    {
        Probe = this,
        Kind = "vllm",
        Endpoint = endpoint,
        Interval = TimeSpan.FromSeconds(1),
        Timeout = TimeSpan.FromSeconds(2),
    };
}

/// <summary>A GPU source that answers as told.</summary>
internal sealed class FakeGpuSource : IGpuSource
{
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public bool Disposed { get; private set; }

    public Func<GpuSourceResult> Behaviour { get; set; } = () => One();

    public string Name => "fake";

    public GpuSourceResult Read()
    {
        Interlocked.Increment(ref _reads);
        return Behaviour();
    }

    public void Dispose() => Disposed = true;

    public static GpuSourceResult One(bool synthetic = false) => new GpuSourceResult.Available(new GpuSnapshot
    {
        Source = "fake",
        Synthetic = synthetic,
        Readings = [new GpuReading { Index = 0, Uuid = "GPU-1", SmUtilization = 0.5 }],
    });
}

/// <summary>A storage that is always well.</summary>
internal sealed class FakeStorageProbe : IStorageProbe
{
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public string Name => "scratch";

    public ValueTask<StorageReading> ReadAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return new(new StorageReading { Name = Name, Kind = "file", Healthy = true, LatencySeconds = 0.002, FreeBytes = 1000, SampledAt = DateTimeOffset.UnixEpoch });
    }
}
