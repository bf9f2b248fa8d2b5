namespace InferMesh.Adapters.Probing;

/// <summary>Numbers the lives of a reporter: a restarted one counts its batches from 1 again, and its higher epoch makes them newer.</summary>
public static class NodeEpoch
{
    /// <summary>The epoch of a life that begins now: milliseconds since 1970 in UTC.</summary>
    /// <param name="time">Clock.</param>
    public static long Begin(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return time.GetUtcNow().ToUnixTimeMilliseconds();
    }
}
