using System.Diagnostics;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Clients;

/// <summary>The official JavaScript client, unchanged but for its base URL: each check is a function of check.mjs.</summary>
[TestClass]
public sealed class OpenAiJavaScriptTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "Tests", "EndToEnd", "Clients", "javascript");

    [TestMethod]
    [DataRow("chat")]
    [DataRow("stream")]
    [DataRow("tools")]
    [DataRow("tools-stream")]
    [DataRow("completion")]
    [DataRow("embeddings")]
    [DataRow("models")]
    [DataRow("errors")]
    [DataRow("cancel")]
    public async Task Client_Check_Holds(string check)
    {
        if (ExternalProcess.Find("node") is not { } node || !Directory.Exists(Path.Combine(Folder, "node_modules", "openai")))
        {
            Assert.Inconclusive("node or the npm package openai is not installed: eng/install-test-tools.sh");
            return;
        }
        var mesh = await SharedMesh.GetAsync();
        using var process = Process.Start(new ProcessStartInfo(node, ["check.mjs", check, new Uri(mesh.Api.BaseAddress!, "/v1").ToString(), SharedMesh.Model, $"http://127.0.0.1:{mesh.AdminPort}/admin/nodes"])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        Assert.AreEqual(0, process.ExitCode, string.Concat(output));
    }
}
