using System.Diagnostics;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Tools;

/// <summary>A shell script in a folder of its own that stands for a vendor's tool.</summary>
internal sealed class FakeTool : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fake-tool-").FullName;

    /// <param name="name">Name of the tool.</param>
    /// <param name="script">Its lines after the first; <c>$HERE</c> is its folder.</param>
    /// <param name="files">Files beside it, by name.</param>
    public FakeTool(string name, string script, params (string Name, string Content)[] files)
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("fake tools are shell scripts");
        foreach (var (file, content) in files)
            File.WriteAllText(Path.Combine(_folder, file), content);
        ToolFile = Path.Combine(_folder, name);
        var draft = ToolFile + ".draft";
        File.WriteAllText(draft, $"#!/bin/sh\nHERE={_folder}\n{script}\n");
        // Another process makes the copy: one that this process has open for writing cannot be run by a child that another test starts just then.
        using var copy = Process.Start("/bin/sh", ["-c", "cp \"$1\" \"$2\" && chmod +x \"$2\"", "sh", draft, ToolFile]);
        copy.WaitForExit();
        Assert.AreEqual(0, copy.ExitCode);
    }

    public string ToolFile { get; }

    public string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
