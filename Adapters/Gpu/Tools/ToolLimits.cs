namespace InferMesh.Adapters.Gpu.Tools;

/// <summary>Checks the limits that the options of every tool have.</summary>
internal static class ToolLimits
{
    /// <exception cref="ArgumentException">A limit is not above zero.</exception>
    public static void Check(TimeSpan timeout, int maxOutputBytes)
    {
        if (timeout <= TimeSpan.Zero)
            throw new ArgumentException($"Timeout is {timeout}; it must be above zero", nameof(timeout));
        if (maxOutputBytes <= 0)
            throw new ArgumentException($"MaxOutputBytes is {maxOutputBytes}; it must be above zero", nameof(maxOutputBytes));
    }
}
