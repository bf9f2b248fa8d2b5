namespace InferMesh.Adapters.Runtimes;

/// <summary>How a command ended.</summary>
public enum RuntimeControlOutcome
{
    /// <summary>The runtime says that it is done.</summary>
    Done,

    /// <summary>This kind of runtime has no such operation.</summary>
    Unsupported,

    /// <summary>The runtime answered and did not do it.</summary>
    Refused,

    /// <summary>No answer in time: the runtime may still be at it.</summary>
    TimedOut,

    /// <summary>The runtime could not be reached, or broke off.</summary>
    Unreachable,
}

/// <summary>What came of one command.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Error">One line that names the runtime and the operation, with the runtime's own words where it has any; null when it is done.</param>
public sealed record RuntimeControlResult(RuntimeControlOutcome Outcome, string? Error)
{
    /// <summary>Whether the runtime says that it is done.</summary>
    public bool Done => Outcome == RuntimeControlOutcome.Done;
}
