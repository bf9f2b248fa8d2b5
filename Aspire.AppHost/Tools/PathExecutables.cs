namespace InferMesh.AppHost.Tools;

/// <summary>Programs on PATH.</summary>
internal sealed class PathExecutables(string? path) : IExecutables
{
    public static PathExecutables OfThisMachine() => new(Environment.GetEnvironmentVariable("PATH"));

    public string? Find(string program, params IReadOnlyList<string> searchFirst)
    {
        var file = OperatingSystem.IsWindows() ? program + ".exe" : program;
        var directories = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return searchFirst.Concat(directories).Select(d => Path.Combine(d, file)).FirstOrDefault(File.Exists);
    }
}
