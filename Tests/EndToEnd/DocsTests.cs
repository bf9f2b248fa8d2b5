using System.Diagnostics;
using System.Text.RegularExpressions;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Runs the shell blocks of the pages against the running mesh, as a reader would paste them.</summary>
[TestClass]
public sealed partial class DocsTests
{
    [TestMethod]
    [DataRow("README.md")]
    [DataRow("docs/quickstart.md")]
    [DataRow("docs/operations.md")]
    [DataRow("docs/endpoints.md")]
    [DataRow("docs/models.md")]
    [DataRow("docs/topology.md")]
    [DataRow("docs/tenants.md")]
    [DataRow("docs/data-plane.md")]
    public async Task ShellBlocks_Pasted_Succeed(string page)
    {
        await RunAsync(await SharedMesh.GetAsync(), page);
        // What the pages changed, they changed back, except for telemetry's own pace.
        await (await SharedMesh.GetAsync()).UntilReadyAsync(8);
    }

    [TestMethod]
    public async Task TrainingPage_Pasted_Succeeds() => await RunAsync(await TrainingMesh.GetAsync(), "docs/training.md");

    private static async Task RunAsync(MeshProcess mesh, string page)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, page));
        var blocks = Block().Matches(text).Where(m => !m.Groups["skip"].Success).Select(m => m.Groups["code"].Value)
            // The commands that start the mesh or run this very suite: the other tests of this project do that.
            .Where(code => code.Contains("curl", StringComparison.Ordinal)).ToArray();
        Assert.IsNotEmpty(blocks);
        foreach (var block in blocks)
        {
            // The page names the default port; the mesh under test has its own. A curl that gets an error status fails the block.
            var script = "set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 20 \"$@\"; }\n"
                + $"infermesh() {{ local group=$1 verb=$2; shift 2; dotnet {Repository.Assembly("Cli", "InferMesh.Cli")} \"$group\" \"$verb\" --api {mesh.Api.BaseAddress} \"$@\"; }}\n"
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

    [GeneratedRegex(@"(?<skip><!-- not run:[^\n]*-->\n)?```bash\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
