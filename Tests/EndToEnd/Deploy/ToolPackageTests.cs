using System.Diagnostics;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Deploy;

/// <summary>The command line as a .NET tool: packed, installed from its package, run.</summary>
[TestClass]
public sealed class ToolPackageTests
{
    [TestMethod]
    public async Task Tool_InstalledFromItsPackage_Runs()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-tool-").FullName;
        try
        {
            var configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);
            await ExternalProcess.RunAsync("dotnet", "pack", Path.Combine(Repository.Root, "Cli"), "--no-build", "-c", configuration, "-o", folder, "-v", "quiet");
            var package = Directory.GetFiles(folder, "InferMesh.Cli.*.nupkg").Single();
            // No other source: what is installed is what was packed.
            await File.WriteAllTextAsync($"{folder}/nuget.config", $"<configuration><packageSources><clear /><add key=\"here\" value=\"{folder}\" /></packageSources></configuration>");
            await ExternalProcess.RunAsync("dotnet", "tool", "install", "InferMesh.Cli", "--tool-path", $"{folder}/tools", "--configfile", $"{folder}/nuget.config", "--version", Path.GetFileNameWithoutExtension(package)["InferMesh.Cli.".Length..]);
            var start = new ProcessStartInfo($"{folder}/tools/infermesh", ["--version"]) { RedirectStandardOutput = true };
            start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : RuntimeRoot());
            using var tool = Process.Start(start)!;
            var version = await tool.StandardOutput.ReadToEndAsync();
            await tool.WaitForExitAsync();
            Assert.AreEqual(0, tool.ExitCode);
            StringAssert.StartsWith(version, "0.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A file in the folder that the runtime of this process is installed in.</summary>
    private static string RuntimeRoot() => Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
}
