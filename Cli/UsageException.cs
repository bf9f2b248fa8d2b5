namespace InferMesh.Cli;

/// <summary>The command line asks for something that cannot be: one readable line that names the option and the fix; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>A command could not do its work for a reason outside the command line: one readable line; exit code 1.</summary>
internal sealed class CommandFailedException(string message) : Exception(message)
{
    /// <summary>Status of the answer of an API that refused; 0 otherwise.</summary>
    public int Status { get; init; }
}
