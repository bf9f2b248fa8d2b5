namespace InferMesh.Cli.Trainer;

/// <summary>How the trainer ends, beside 0 for done and 2 for a wrong command line.</summary>
internal static class TrainerExit
{
    /// <summary>The ranks' sum is not what it must be.</summary>
    public const int WrongSum = 3;

    /// <summary>Another rank is gone, or did not come.</summary>
    public const int LostPeer = 4;

    /// <summary>A later placement of the job writes checkpoints.</summary>
    public const int Fenced = 5;

    /// <summary>Asked to end by SIGTERM.</summary>
    public const int Terminated = 143;
}

/// <summary>The trainer ends before its last step.</summary>
internal sealed class TrainerEndException(int code, string message) : Exception(message)
{
    public int Code => code;
}
