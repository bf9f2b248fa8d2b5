using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>The console that is committed is the one that its sources make.</summary>
[TestClass]
public sealed class ConsoleBundleTests
{
    private static readonly string Web = Path.Combine(Repository.Root, "Api", "Console", "web");

    [TestMethod]
    public async Task Bundle_BuiltAnew_IsTheCommittedOne()
    {
        RequireTools();
        var folder = Directory.CreateTempSubdirectory("infermesh-console-").FullName;
        try
        {
            await ExternalProcess.RunAsync("node", Path.Combine(Web, "build.mjs"), folder);
            var committed = Path.Combine(Repository.Root, "Api", "Console", "wwwroot");
            CollectionAssert.AreEqual(Names(folder), Names(committed));
            foreach (var name in Names(folder))
                Assert.AreEqual(await File.ReadAllTextAsync(Path.Combine(folder, name)), await File.ReadAllTextAsync(Path.Combine(committed, name)), $"{name} is not what its sources make: run \"make console\" and commit the result.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task Sources_AreWellTyped()
    {
        RequireTools();
        await ExternalProcess.RunAsync("node", Path.Combine(Web, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--project", Web);
    }

    private static void RequireTools()
    {
        if (ExternalProcess.Find("node") is null || !Directory.Exists(Path.Combine(Web, "node_modules", "esbuild"))) Assert.Inconclusive("node or the npm packages of the console are not installed: eng/install-test-tools.sh");
    }

    private static string[] Names(string folder) => [.. Directory.GetFiles(folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
