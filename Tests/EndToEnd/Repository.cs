namespace InferMesh.Tests.EndToEnd;

/// <summary>Where the built processes are.</summary>
internal static class Repository
{
    /// <summary>The folder of InferMesh.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Path of a built assembly, of the same configuration as these tests.</summary>
    public static string Assembly(string project, string assembly)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
        return Directory.GetFiles(Path.Combine(Root, project, "bin"), $"{assembly}.dll", SearchOption.AllDirectories)
            .Where(path => path.Contains($"{Path.DirectorySeparatorChar}{configuration}{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !path.Contains("publish", StringComparison.Ordinal))
            .OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
            ?? throw new InvalidOperationException($"{assembly} is not built ({configuration}): build InferMesh.sln first.");
    }

    /// <summary>A file of the test data, or an inconclusive test.</summary>
    public static string Data(params string[] path)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } data) Assert.Inconclusive("INFERMESH_DATA does not name the folder of traces and captured pages.");
        else if (Path.Combine([data, .. path]) is var file && File.Exists(file)) return file;
        else Assert.Inconclusive($"INFERMESH_DATA has no {Path.Combine(path)}.");
        return "";
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "InferMesh.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException("InferMesh.sln is in no folder above the tests.");
    }
}
