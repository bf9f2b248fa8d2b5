namespace InferMesh.AppHost.Local;

/// <summary>How long to wait before a process is started again: doubling, up to a limit, from the first wait after a long healthy run.</summary>
internal sealed record RestartPolicy
{
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this long in health, earlier exits are forgotten.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The count of exits in a row, including the one that just happened.</summary>
    public int ExitsInARow(int before, TimeSpan healthyFor) => healthyFor >= ForgetAfter ? 1 : before + 1;

    public TimeSpan Delay(int exitsInARow)
    {
        var doublings = Math.Clamp(exitsInARow - 1, 0, 20);
        return TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks * (1L << doublings)));
    }
}
