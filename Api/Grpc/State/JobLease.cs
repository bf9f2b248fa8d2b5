namespace InferMesh.Api.Grpc.State;

/// <summary>How long ranks may run on without their agent hearing from the mesh, as the mesh said last: one setting for all nodes. Thread-safe.</summary>
internal sealed class JobLease
{
    private long _ticks;

    /// <summary>The lease; null before the mesh has said it to this process.</summary>
    public TimeSpan? Current
    {
        get => Interlocked.Read(ref _ticks) is > 0 and var ticks ? new TimeSpan(ticks) : null;
        set => Interlocked.Exchange(ref _ticks, value?.Ticks ?? 0);
    }
}
