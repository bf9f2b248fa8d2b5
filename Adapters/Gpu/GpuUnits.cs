namespace InferMesh.Adapters.Gpu;

/// <summary>Units in which tools and exporters speak, and the limits above which a number is no measurement any more.</summary>
internal static class GpuUnits
{
    public const double PerCent = 0.01;
    public const double KiB = 1L << 10;
    public const double MiB = 1L << 20;
    public const double Kilo = 1_000;

    public const double MaxBytes = 1L << 50;
    public const double MaxBytesPerSecond = 1e15;
    public const double MaxCelsius = 250;
    public const double MaxWatts = 100_000;
    public const double MaxMhz = 100_000;

    /// <summary>Above it a double no longer holds every whole number.</summary>
    public const double MaxCount = 1L << 53;
}
