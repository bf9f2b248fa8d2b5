namespace InferMesh.Cli.Agent.Reporting;

/// <summary>
/// Exponential backoff with full jitter: a fleet that lost its API comes back spread over time, not at once.
/// </summary>
/// <remarks>M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.</remarks>
internal sealed class Backoff(Random random)
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    private int _failures;

    public int Failures => _failures;

    /// <summary>How long to wait after another failure: anything from zero to a ceiling that doubles.</summary>
    public TimeSpan Next()
    {
        // Beyond 2^30 the ceiling is reached anyway.
        var ceiling = Math.Min(First.TotalMilliseconds * (1L << Math.Min(_failures, 30)), Most.TotalMilliseconds);
        _failures++;
        return TimeSpan.FromMilliseconds(random.NextDouble() * ceiling);
    }

    public void Reset() => _failures = 0;
}
