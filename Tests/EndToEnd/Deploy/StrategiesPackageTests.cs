using System.IO.Compression;
using System.Security.Cryptography;
using System.Xml.Linq;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Deploy;

/// <summary>The package that authors of plugins reference: what is in it, and that the example is built with it alone and runs.</summary>
[TestClass]
public sealed class StrategiesPackageTests
{
    private const string Id = "InferMesh.Strategies";

    [TestMethod]
    public async Task Package_HoldsTheContract_AndTheExampleIsBuiltWithItAndRuns()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-sdk-").FullName;
        try
        {
            var configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);
            await ExternalProcess.RunAsync("dotnet", "pack", Path.Combine(Repository.Root, "Strategies"), "--no-build", "-c", configuration, "-o", $"{folder}/feed", "-v", "quiet");
            var package = Directory.GetFiles($"{folder}/feed", $"{Id}.*.nupkg").Single();
            await AssertContentAsync(package);
            await BuildExampleAsync(folder, Path.GetFileNameWithoutExtension(package)[(Id.Length + 1)..]);

            await File.WriteAllTextAsync($"{folder}/sim.yaml", "duration_s: 2\nstrategies: [hybrid_mesh_plugin]\ntopology: { cells: 1, nodes_per_cell: 4 }\n");
            var output = await ExternalProcess.RunAsync(
                "dotnet", Repository.Assembly("Cli", "InferMesh.Cli"), "sim", "run", "--config", $"{folder}/sim.yaml", "--plugin", $"{folder}/plugin", "--output", $"{folder}/results", "--quiet");
            StringAssert.Contains(output, "hybrid_mesh_plugin");
            StringAssert.Contains(await File.ReadAllTextAsync($"{folder}/results/hybrid_mesh_plugin/metrics.json"), "\"fallbacks\": {}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task AssertContentAsync(string package)
    {
        using var zip = await ZipFile.OpenReadAsync(package);
        string[] files = [.. zip.Entries.Select(static e => e.FullName).Where(static f => !f.StartsWith("_rels/", StringComparison.Ordinal) && !f.StartsWith("package/", StringComparison.Ordinal) && f != "[Content_Types].xml").Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(new[] { $"{Id}.nuspec", "README.md", $"lib/net10.0/{Id}.dll", $"lib/net10.0/{Id}.xml" }, files);
        using var manifest = await zip.GetEntry($"{Id}.nuspec")!.OpenAsync();
        var metadata = XDocument.Load(manifest).Root!.Elements().Single(static e => e.Name.LocalName == "metadata").Elements().ToDictionary(static e => e.Name.LocalName);
        Assert.AreEqual(("Apache-2.0", "expression", "README.md", Id), (metadata["license"].Value, metadata["license"].Attribute("type")?.Value, metadata["readme"].Value, metadata["id"].Value));
        Assert.IsGreaterThan(20, metadata["description"].Value.Length);
        Assert.IsFalse(metadata.GetValueOrDefault("dependencies")?.Descendants().Any(static e => e.Name.LocalName == "dependency") ?? false, "The contract needs no other package.");
    }

    /// <summary>As an author has it: a project of his own, the package and nothing else, and no network.</summary>
    private static async Task BuildExampleAsync(string folder, string version)
    {
        Directory.CreateDirectory($"{folder}/source");
        File.Copy(Path.Combine(Repository.Root, "Plugins", "dotnet", "HybridMeshPlugin.cs"), $"{folder}/source/HybridMeshPlugin.cs");
        await File.WriteAllTextAsync($"{folder}/nuget.config", $"<configuration><packageSources><clear /><add key=\"here\" value=\"{folder}/feed\" /></packageSources></configuration>");
        await File.WriteAllTextAsync($"{folder}/source/Example.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
                <RestorePackagesPath>{folder}/packages</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{Id}" Version="{version}" ExcludeAssets="runtime" />
              </ItemGroup>
            </Project>
            """);
        await ExternalProcess.RunAsync("dotnet", "build", $"{folder}/source", "-c", "Release", "-o", $"{folder}/built", "-v", "quiet", "--disable-build-servers", "-p:UseSharedCompilation=false");
        Assert.IsFalse(File.Exists($"{folder}/built/{Id}.dll"), "The contract is the host's.");
        Directory.CreateDirectory($"{folder}/plugin");
        File.Copy($"{folder}/built/Example.dll", $"{folder}/plugin/Example.dll");
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync($"{folder}/plugin/Example.dll")));
        await File.WriteAllTextAsync($"{folder}/plugin/plugin.json", $$"""{"name":"hybrid_mesh_plugin","version":"1.0.0","kind":"routing","runtime":"dotnet","main":"Example.dll","files": { "Example.dll": "{{hash}}" } }""");
    }
}
