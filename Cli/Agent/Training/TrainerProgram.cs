namespace InferMesh.Cli.Agent.Training;

/// <summary>How this program is started again to be a rank.</summary>
internal static class TrainerProgram
{
    private const string Command = "trainer";

    /// <summary>Program and first arguments.</summary>
    /// <exception cref="InvalidOperationException">The system does not say what this process runs.</exception>
    public static (string File, IReadOnlyList<string> Arguments) Find() =>
        Find(Environment.ProcessPath ?? throw new InvalidOperationException("The system does not say which program this is."), typeof(InferMeshCommand).Assembly.Location);

    /// <param name="process">File of this process.</param>
    /// <param name="assembly">File of the code; "" when it is within the former.</param>
    internal static (string File, IReadOnlyList<string> Arguments) Find(string process, string assembly)
    {
        if (assembly.Length == 0)
            return (process, [Command]);
        if (Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            return (process, [assembly, Command]);
        // Inside another program, such as a test, the code's own executable lies beside it.
        var own = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
        return (File.Exists(own) ? own : process, [Command]);
    }
}
