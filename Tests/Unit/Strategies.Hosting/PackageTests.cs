using System.IO.Compression;
using System.Text;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>What is loaded is what was pinned, and only from who is trusted.</summary>
[TestClass, DoNotParallelize]
public sealed class PackageTests
{
    private static readonly byte[] Module = Packages.Text(Packages.Pick());

    [TestMethod]
    public void Load_OutsideDevelopment_TakesWhatIsOnTheListOnly()
    {
        var package = Packages.Wasm(Module);
        using (var strict = new PluginHost(new()))
        {
            Assert.IsNull(strict.TryLoad(package, package.Digest, out var errors));
            StringAssert.Contains(errors.Single().Message, "not among the packages that may be loaded");
        }
        using var allowing = new PluginHost(new() { AllowedDigests = new HashSet<string> { package.Digest } });
        using var plugin = allowing.TryLoad(package, package.Digest, out _);
        Assert.AreEqual(package.Digest, plugin?.Package.Digest);
    }

    [TestMethod]
    public void Load_WithAnotherPin_IsRefused()
    {
        using var host = Packages.Host();
        Assert.IsNull(host.TryLoad(Packages.Wasm(Module), new string('0', 64), out var errors));
        Assert.AreEqual("digest", errors.Single().Field);
    }

    [TestMethod]
    public void Load_UnderANameOfTheCatalogue_IsRefused()
    {
        using var host = Packages.Host();
        Assert.IsNull(host.TryLoad(Packages.Wasm(Module, "mesh"), null, out var errors));
        Assert.AreEqual("name", errors.Single().Field);
    }

    [TestMethod]
    public void Load_OfAModuleThatIsTooLarge_IsRefused()
    {
        using var host = new PluginHost(new() { Development = true, MaxModuleBytes = 10 });
        Assert.IsNull(host.TryLoad(Packages.Wasm(Module), null, out var errors));
        Assert.AreEqual("main", errors.Single().Field);
    }

    [TestMethod]
    public void Open_FolderAndArchive_GiveTheSamePackage()
    {
        using var folder = new TemporaryFolder();
        var package = Packages.Wasm(Module);
        folder.Write(PluginManifest.FileName, package.Manifest.ToJson());
        folder.Write("main.wasm", Module);
        var archive = $"{folder.Path}.zip";
        ZipFile.CreateFromDirectory(folder.Path, archive);
        try
        {
            Assert.AreEqual(package.Digest, PluginPackage.TryOpen(folder.Path, out _)?.Digest);
            Assert.AreEqual(package.Digest, PluginPackage.TryOpen(archive, out _)?.Digest);
        }
        finally
        {
            File.Delete(archive);
        }
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = Module };
        using (var stream = new MemoryStream(Packages.Zip(files, package.Manifest))) Assert.AreEqual(package.Digest, PluginPackage.TryRead(stream, out _)?.Digest);
        using (var stream = new MemoryStream(Module))
        {
            Assert.IsNull(PluginPackage.TryRead(stream, out var odd));
            Assert.AreEqual("package", odd.Single().Field);
        }
        folder.Write("main.wasm", [.. Module, 0]);
        Assert.IsNull(PluginPackage.TryOpen(folder.Path, out var errors), "Changed after it was hashed.");
        StringAssert.Contains(errors.Single().Message, "SHA-256");
    }

    [TestMethod]
    [DataRow("{", "plugin.json", DisplayName = "no JSON")]
    [DataRow("{}", "plugin.json", DisplayName = "empty")]
    [DataRow("""{"name":"Bad Name","version":"1","kind":"routing","runtime":"wasm","main":"m","files":{}}""", "name version main", DisplayName = "several errors")]
    [DataRow("""{"name":"a","version":"1.0.0","kind":"routing","runtime":"wasm","main":"../m","files":{"../m":"x"}}""", "files.../m files.../m", DisplayName = "path outside")]
    [DataRow("""{"name":"a","version":"1.0.0","kind":"routing","runtime":"wasm","main":"m","files":{"m":"0000000000000000000000000000000000000000000000000000000000000000"},"more":1}""", "plugin.json", DisplayName = "unknown field")]
    [DataRow("""{"name":"a","version":"1.0.0","kind":"routing","runtime":2,"main":"m","files":{"m":"0000000000000000000000000000000000000000000000000000000000000000"}}""", "plugin.json", DisplayName = "runtime that is none")]
    [DataRow("""{"name":"a","version":"1.0.0","kind":"routing","runtime":"2","main":"m","files":{"m":"0000000000000000000000000000000000000000000000000000000000000000"}}""", "plugin.json", DisplayName = "runtime that is none, as text")]
    [DataRow("""{"name":"a","version":"1.0.0","kind":"routing","runtime":1,"main":"m","files":{"m":"0000000000000000000000000000000000000000000000000000000000000000"}}""", "plugin.json", DisplayName = "runtime by its number")]
    [DataRow("""{"name":"a","version":"1.0.0","kind":7,"runtime":"wasm","main":"m","files":{"m":"0000000000000000000000000000000000000000000000000000000000000000"}}""", "plugin.json", DisplayName = "kind that is none")]
    public void Manifest_ThatIsWrong_SaysAllThatIs(string json, string fields)
    {
        Assert.IsNull(PluginPackage.TryCreate(new Dictionary<string, byte[]> { [PluginManifest.FileName] = Encoding.UTF8.GetBytes(json) }, out var errors));
        Assert.AreEqual(fields, string.Join(' ', errors.Select(static e => e.Field)));
    }

    [TestMethod]
    public void Manifest_WithTooMuch_IsRefused()
    {
        var manifest = Packages.Wasm(Module).Manifest;
        var parameter = new StrategyParameter("p", "", 0, 0, 1, "");
        Assert.AreEqual("", Fields(manifest with { Parameters = Parameters(PluginManifest.MaxParameters) }));
        Assert.AreEqual("parameters", Fields(manifest with { Parameters = Parameters(PluginManifest.MaxParameters + 1) }));
        Assert.AreEqual("parameters.p", Fields(manifest with { Parameters = [parameter with { Unit = Text(PluginManifest.MaxUnit + 1) }] }));
        Assert.AreEqual("parameters.p", Fields(manifest with { Parameters = [parameter with { Description = Text(PluginManifest.MaxDescription + 1) }] }));
        Assert.AreEqual("description", Fields(manifest with { Description = Text(PluginManifest.MaxDescription + 1) }));
        Assert.AreEqual("files", Fields(manifest with { Files = Enumerable.Range(0, PluginManifest.MaxFiles + 1).ToDictionary(static i => $"f{i}", static _ => new string('0', 64)) }));
        Assert.AreEqual("plugin.json", Fields(manifest with { Description = Text(PluginManifest.MaxBytes) }));

        static string Text(int length) => new('x', length);
        StrategyParameter[] Parameters(int count) => [.. Enumerable.Range(0, count).Select(i => parameter with { Name = $"p{i}" })];
        static string Fields(PluginManifest manifest)
        {
            PluginManifest.TryRead(manifest.ToJson(), out var errors);
            return string.Join(' ', errors.Select(static e => e.Field));
        }
    }

    [TestMethod]
    public void Read_OfAnArchiveThatSwells_StopsAtTheLimit()
    {
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = Module, ["zeros"] = new byte[PluginPackage.MaxBytes + 1] };
        var manifest = Packages.Wasm(Module).Manifest;
        var archive = Packages.Zip(files, manifest with { Files = Packages.Hashes(files) });
        Assert.IsLessThan(1 << 20, archive.Length);
        Assert.AreEqual("files", Field(archive));
        Assert.AreEqual("plugin.json", Field(Packages.Zip(files, new byte[PluginManifest.MaxBytes + 1])), "Of the manifest less is read.");

        static string Field(byte[] archive)
        {
            using var stream = new MemoryStream(archive);
            Assert.IsNull(PluginPackage.TryRead(stream, out var errors));
            return errors.Single().Field;
        }
    }

    [TestMethod]
    public void Read_StopsAtTheFirstFileThatIsWrong()
    {
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = Module, ["a"] = [1], ["b"] = [2] };
        var manifest = Packages.Wasm(Module).Manifest with { Files = Packages.Hashes(files) };
        Assert.IsNull(PluginPackage.TryCreate(new Dictionary<string, byte[]> { [PluginManifest.FileName] = manifest.ToJson(), ["main.wasm"] = Module, ["a"] = [3], ["b"] = [4] }, out var errors));
        Assert.AreEqual("files.a", errors.Single().Field);
    }

    [TestMethod]
    public void Open_OfNothing_SaysSo()
    {
        Assert.IsNull(PluginPackage.TryOpen(Path.Combine(Path.GetTempPath(), "infermesh-no-such-package"), out var errors));
        Assert.AreEqual("package", errors.Single().Field);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("infermesh-plugin").FullName;

        public void Write(string name, byte[] content) => File.WriteAllBytes(System.IO.Path.Combine(Path, name), content);

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
