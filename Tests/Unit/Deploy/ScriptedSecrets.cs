using System.Diagnostics;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>Secrets as make-secrets.sh makes them, in a folder of their own.</summary>
internal sealed class ScriptedSecrets : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-secrets-");

    public string Folder => Path.Combine(_folder.FullName, "secrets");

    public static ScriptedSecrets Make()
    {
        var secrets = new ScriptedSecrets();
        secrets.Run();
        return secrets;
    }

    public void Run()
    {
        using var script = Process.Start(new ProcessStartInfo("bash", [DeployFiles.Path("make-secrets.sh"), Folder]) { RedirectStandardError = true })!;
        var errors = script.StandardError.ReadToEnd();
        script.WaitForExit();
        Assert.AreEqual((0, ""), (script.ExitCode, errors));
    }

    /// <summary>The folder of one process.</summary>
    public string Of(string process) => Path.Combine(Folder, process);

    public void Dispose() => _folder.Delete(recursive: true);
}
