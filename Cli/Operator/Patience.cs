namespace InferMesh.Cli.Operator;

/// <summary>What a command that goes on does when the API does not answer for a while, as when it restarts: it says so once and tries again, thirty times in a row at most. Used by one command.</summary>
/// <param name="error">Where it says so.</param>
internal sealed class Patience(TextWriter error)
{
    private const int MaxFailures = 30;
    private int _failures;

    /// <summary>The API has answered.</summary>
    public void Worked() => _failures = 0;

    /// <summary>Whether to try again; counts the failure. What the API refuses for a reason of its own, such as a missing permission, it would refuse again.</summary>
    public bool Bears(CommandFailedException failure) => failure.Status is 0 or 429 or >= 500 && ++_failures < MaxFailures;

    /// <summary>Says that it is tried again, the first time.</summary>
    public Task SayAsync(CommandFailedException failure) => _failures == 1 ? error.WriteLineAsync($"infermesh: {failure.Message}; trying again") : Task.CompletedTask;
}
