using System.Diagnostics;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>The modules in Plugins/prebuilt are what their sources make, with the compiler that made them; other ones may make other bytes, which then must rank alike. Nothing is fetched: the
/// compiler of AssemblyScript is there after <c>make plugins</c>.</summary>
[TestClass, DoNotParallelize]
public sealed class GuestSourceTests
{
    [TestMethod]
    [DataRow("c", "wasm-ld-14", "clang-14")]
    [DataRow("rust", "wasm-ld-14", "/usr/lib/rustlib/wasm32-unknown-unknown/lib")]
    [DataRow("assemblyscript", "npx", "Plugins/assemblyscript/node_modules")]
    public void Module_BuiltFromItsSource_RanksAsTheBuiltIn(string language, string linker, string compiler)
    {
        if (!Has(linker) || !Has(compiler)) Assert.Inconclusive($"No {compiler} or {linker} here.");
        var folder = Directory.CreateTempSubdirectory("infermesh-guest").FullName;
        try
        {
            if (!Make(language, folder, out var output)) Assert.Fail(output);
            using var host = Packages.Host();
            using var plugin = Packages.Load(host, Packages.Wasm(File.ReadAllBytes(Path.Combine(folder, $"hybrid_mesh_{language}.wasm")), "hybrid_guest", parameters: Packages.HybridParameters));
            HybridMeshEqualityTests.Compare([plugin], 1_000);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool Make(string language, string folder, out string output)
    {
        var start = new ProcessStartInfo("make", ["-s", "-C", Path.Combine(Repository.Root, "Plugins"), language, $"OUT={folder}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var make = Process.Start(start)!;
        var error = make.StandardError.ReadToEndAsync();
        output = make.StandardOutput.ReadToEnd();
        make.WaitForExit();
        output += error.GetAwaiter().GetResult();
        return make.ExitCode == 0;
    }

    private static bool Has(string needed) => needed.Contains('/', StringComparison.Ordinal)
        ? Directory.Exists(Path.Combine(Repository.Root, needed))
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, needed)));
}
