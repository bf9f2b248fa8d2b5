namespace InferMesh.AppHost.Local;

/// <summary>What happened to a supervised process.</summary>
internal enum ProcessEventKind
{
    Started,
    Healthy,

    /// <summary>Ended without being asked to.</summary>
    Exited,

    /// <summary>Ended as asked.</summary>
    Stopped,

    /// <summary>Did not end in time and was killed.</summary>
    Killed,
}

/// <summary>One event in the life of a supervised process.</summary>
/// <param name="Process">The process' name.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Pid">The process id, 0 where it could not be started.</param>
/// <param name="Detail">The exit code or the reason, for people.</param>
/// <param name="RestartIn">When it will be started again, with Exited.</param>
internal sealed record ProcessEvent(string Process, ProcessEventKind Kind, int Pid, string? Detail = null, TimeSpan? RestartIn = null);

/// <summary>Hears of every event; called from any thread.</summary>
internal interface ISupervisionListener
{
    void On(ProcessEvent happened);
}
