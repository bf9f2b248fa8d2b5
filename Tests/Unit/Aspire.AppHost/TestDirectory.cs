namespace InferMesh.Tests.Unit.AppHost;

/// <summary>A directory of one test.</summary>
internal sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("infermesh-apphost-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a shell script that can be run.</summary>
    public string Script(string name, string body)
    {
        System.IO.File.WriteAllText(File(name), "#!/bin/sh\n" + body + "\n");
        if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(File(name), (UnixFileMode)0b111_101_101);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
