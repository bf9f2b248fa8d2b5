using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.SupplyChain;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.SupplyChain;

/// <summary>Packages of the solution: pinned, known by licence, and all of them in the bill of materials.</summary>
[TestClass]
public sealed partial class SupplyChainTests
{
    private static readonly Package Plain = new("A", "1.0.0", new string('0', 128), [], new("MIT", null)) { Shipped = true };

    private static readonly LicencePolicy Policy = LicencePolicy.Read(Repository.Root);

    [TestMethod]
    public void LockFiles_OfAllProjects_AreThere_AndNameEveryVersionOnce()
    {
        foreach (var project in Repository.Projects.Values)
        {
            var path = Path.Combine(Path.GetDirectoryName(project.Path)!, "packages.lock.json");
            Assert.IsTrue(File.Exists(Path.Combine(Repository.Root, path)), $"{path}: run make lock");
            var direct = Locked(path).Where(p => p.Type == "Direct").Select(p => p.Id).ToArray();
            // What stands in the other form of the AppHost can be locked by nobody who lacks its packages.
            Assert.IsEmpty(project.Packages.Where(p => !p.StartsWith("Aspire.", StringComparison.Ordinal)).Except(direct), $"{path} is old: run make lock");
        }
    }

    [TestMethod]
    public void Licences_OfAllPackages_AreOnTheList() => Assert.IsEmpty(Policy.Violations(Restored().Packages));

    [TestMethod]
    public void LicencePage_AsCommitted_IsThatOfThePackages() =>
        Assert.AreEqual(LicencePage.Of(Restored(), Policy), Repository.Read("docs/licences.md").ReplaceLineEndings("\n"), "docs/licences.md is old: run make licences");

    [TestMethod]
    public void Violations_UnknownOrForeignLicences_AreTold_AndTestsMayHaveMore()
    {
        string[] Of(Package package) => [.. Policy.Violations([package])];
        Assert.IsEmpty(Of(Plain));
        Assert.IsEmpty(Of(Plain with { Nuspec = new("(MIT OR GPL-3.0-only)", null) }), "we may choose");
        Assert.HasCount(1, Of(Plain with { Nuspec = new("MIT AND GPL-3.0-only", null) }));
        Assert.Contains("AGPL-3.0-only (shipped)", Of(Plain with { Nuspec = new("AGPL-3.0-only", null) }).Single());
        Assert.Contains("no licence expression", Of(Plain with { Nuspec = new(null, null) }).Single());
        var tool = Plain with { Id = "Microsoft.Testing.Extensions.CodeCoverage", Nuspec = new(null, null) };
        Assert.HasCount(1, Of(tool));
        Assert.IsEmpty(Of(tool with { Shipped = false }));
    }

    [TestMethod]
    public void BillOfMaterials_HasTheFormOfCycloneDx_AndEveryLockedPackage()
    {
        var solution = Restored();
        using var bill = JsonDocument.Parse(CycloneDx.Of(solution, Policy, "1.2.3"));
        var root = bill.RootElement;
        Assert.AreEqual(("CycloneDX", "1.6", 1), (root.GetProperty("bomFormat").GetString(), root.GetProperty("specVersion").GetString(), root.GetProperty("version").GetInt32()));
        Assert.MatchesRegex(SerialNumber(), root.GetProperty("serialNumber").GetString()!);

        var components = root.GetProperty("components").EnumerateArray().ToArray();
        var references = components.Select(c => c.GetProperty("bom-ref").GetString()!).Append(root.GetProperty("metadata").GetProperty("component").GetProperty("bom-ref").GetString()!).ToArray();
        Assert.AreEqual(references.Length, references.Distinct().Count(), "references are unique");
        var graph = root.GetProperty("dependencies").EnumerateArray().ToArray();
        CollectionAssert.AreEquivalent(references, graph.Select(d => d.GetProperty("ref").GetString()).ToArray());
        Assert.IsEmpty(graph.SelectMany(d => d.GetProperty("dependsOn").EnumerateArray().Select(r => r.GetString()!)).Except(references));

        var libraries = components.Where(c => c.GetProperty("type").GetString() == "library").ToArray();
        foreach (var library in libraries)
        {
            var (name, version) = (library.GetProperty("name").GetString(), library.GetProperty("version").GetString());
            var registry = solution.Packages.Single(p => p.Key == $"{name}/{version}").Registry;
            Assert.AreEqual($"pkg:{registry}/{name!.Replace("@", "%40", StringComparison.Ordinal)}@{version}", library.GetProperty("purl").GetString());
            Assert.MatchesRegex(Hash(), library.GetProperty("hashes").EnumerateArray().Single(h => h.GetProperty("alg").GetString() == "SHA-512").GetProperty("content").GetString()!);
            Assert.AreEqual(1, library.GetProperty("licenses").GetArrayLength(), name);
            CollectionAssert.Contains(new[] { "required", "excluded" }, library.GetProperty("scope").GetString());
        }
        Assert.AreEqual("required", libraries.Single(l => l.GetProperty("name").GetString() == "Npgsql").GetProperty("scope").GetString());
        Assert.AreEqual("required", libraries.Single(l => l.GetProperty("name").GetString() == "preact").GetProperty("scope").GetString());
        Assert.AreEqual("excluded", libraries.Single(l => l.GetProperty("name").GetString() == "esbuild").GetProperty("scope").GetString());
        Assert.AreEqual("excluded", libraries.Single(l => l.GetProperty("name").GetString() == "CsCheck").GetProperty("scope").GetString());

        var locked = Repository.Projects.Values.SelectMany(p => Locked(Path.Combine(Path.GetDirectoryName(p.Path)!, "packages.lock.json"))).Where(p => p.Type != "Project").Select(p => $"{p.Id}/{p.Version}").Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        CollectionAssert.AreEquivalent(locked.Select(k => k.ToUpperInvariant()).ToArray(), solution.Packages.Where(p => p.Registry == "nuget").Select(p => p.Key.ToUpperInvariant()).ToArray());
    }

    [TestMethod]
    public void BillOfMaterials_OfTheSamePackages_IsTheSame_AndOfOthersHasAnotherNumber()
    {
        var solution = new Solution([], [Plain]);
        Assert.AreEqual(CycloneDx.Of(solution, Policy, "1.0.0"), CycloneDx.Of(solution, Policy, "1.0.0"));
        Assert.AreNotEqual(Number(solution), Number(new Solution([], [Plain with { Version = "1.0.1" }])));

        static string Number(Solution solution) => JsonDocument.Parse(CycloneDx.Of(solution, Policy, "1.0.0")).RootElement.GetProperty("serialNumber").GetString()!;
    }

    private static Solution Restored()
    {
        try
        {
            return Solution.Read(Repository.Root);
        }
        catch (InvalidOperationException e)
        {
            Assert.Inconclusive(e.Message);
            throw;
        }
    }

    private static IEnumerable<(string Id, string Type, string? Version)> Locked(string path)
    {
        using var file = JsonDocument.Parse(Repository.Read(path));
        return [.. file.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(framework => framework.Value.EnumerateObject())
            .Select(p => (p.Name, p.Value.GetProperty("type").GetString()!, p.Value.TryGetProperty("resolved", out var version) ? version.GetString() : null))];
    }

    [GeneratedRegex("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    private static partial Regex SerialNumber();

    [GeneratedRegex("^[0-9a-f]{128}$")]
    private static partial Regex Hash();
}
