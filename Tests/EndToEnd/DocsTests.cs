using System.Diagnostics;
using System.Text.RegularExpressions;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Runs the shell blocks of the pages against the running mesh, as a reader would paste them.</summary>
[TestClass]
public sealed partial class DocsTests
{
    private static IEnumerable<object[]> Pasted => DocPages.Pasted.Select(static page => new object[] { page });

    [TestMethod]
    [DynamicData(nameof(Pasted))]
    public async Task ShellBlocks_Pasted_Succeed(string page)
    {
        await RunAsync(await SharedMesh.GetAsync(), page);
        // What the pages changed, they changed back, except for telemetry's own pace.
        await (await SharedMesh.GetAsync()).UntilReadyAsync(8);
    }

    [TestMethod]
    public async Task TrainingPage_Pasted_Succeeds() => await RunAsync(await TrainingMesh.GetAsync(), "docs/training.md");

    [TestMethod]
    public async Task TlsPage_Pasted_Succeeds()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/tls.md"));
        var folder = Directory.CreateTempSubdirectory("infermesh-docs-").FullName;
        var (silo, gateway) = (ExternalProcess.FreePort(), ExternalProcess.FreePort());
        // The page starts the projects on their default ports; here they are built, and have ports of their own.
        var script = "set -euo pipefail\n" + DocPages.ToRun(text).Single()
            .Replace("dotnet run --project Cli --", $"dotnet {Repository.Assembly("Cli", "InferMesh.Cli")}", StringComparison.Ordinal)
            .Replace("dotnet run --project Silo --", $"dotnet {Repository.Assembly("Silo", "InferMesh.Silo")} --InferMesh:Cluster:SiloPort={silo} --InferMesh:Cluster:GatewayPort={gateway} --InferMesh:Http:Url=http://127.0.0.1:{ExternalProcess.FreePort()}", StringComparison.Ordinal)
            .Replace("dotnet run --project Api --", $"dotnet {Repository.Assembly("Api", "InferMesh.Api")} --InferMesh:Cluster:GatewayPort={gateway} --InferMesh:Http:Port={ExternalProcess.FreePort()} --InferMesh:Http:GrpcPort={ExternalProcess.FreePort()}", StringComparison.Ordinal)
            .Replace("8443", $"{ExternalProcess.FreePort()}", StringComparison.Ordinal);
        try
        {
            await ExternalProcess.RunAsync("timeout", "180", "bash", "-c", $"cd {folder}\n{script}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(MeshProcess mesh, string page)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, page));
        var blocks = DocPages.ToRun(text);
        Assert.IsNotEmpty(blocks);
        foreach (var block in blocks)
        {
            // The page names the default port; the mesh under test has its own. A curl that gets an error status fails the block.
            var script = "set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 20 \"$@\"; }\n"
                // A user's own contexts are none of the page's.
                + $"export INFERMESH_API={mesh.Api.BaseAddress} INFERMESH_CONFIG={mesh.Folder}/contexts.yaml\ninfermesh() {{ dotnet {Repository.Assembly("Cli", "InferMesh.Cli")} \"$@\"; }}\n"
                + block.Replace("http://127.0.0.1:8080", mesh.Api.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal);
            using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = await Task.WhenAll(bash.StandardOutput.ReadToEndAsync(), bash.StandardError.ReadToEndAsync());
            await bash.WaitForExitAsync();
            Assert.AreEqual(0, bash.ExitCode, $"{page}:\n{block}\n{string.Concat(output)}");
        }
    }

    [TestMethod]
    public void Pages_AllLinks_LeadSomewhere()
    {
        var pages = Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "README.md"))
            .Append(Path.Combine(Repository.Root, "CONTRIBUTING.md"));
        var dead = pages.SelectMany(page => Link().Matches(File.ReadAllText(page)).Select(m => m.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#'))
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, link.Split('#')[0])))
            .Select(link => $"{Path.GetFileName(page)}: {link}")).ToArray();
        Assert.IsEmpty(dead, string.Join("\n", dead));
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
