using System.Text.RegularExpressions;

namespace InferMesh.Tests.Unit.Architecture;

/// <summary>Who may reference whom. A new project or a new reference is a decision, and its place is this table.</summary>
[TestClass]
public sealed partial class ReferenceTableTests
{
    private const int MaxLines = 400;

    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Strategies"] = [],
        ["Strategies.Hosting"] = ["Strategies"],
        ["Plugins.HybridMesh"] = ["Strategies"],
        ["Grains.Abstractions"] = [],
        ["Adapters"] = [],
        ["ServiceDefaults"] = [],
        ["Simulator"] = ["Strategies"],
        ["Grains"] = ["Grains.Abstractions", "Strategies", "Strategies.Hosting"],
        ["Silo"] = ["Grains", "Adapters", "ServiceDefaults"],
        ["Api"] = ["Grains.Abstractions", "Strategies", "ServiceDefaults"],
        ["Cli"] = ["Simulator", "Strategies", "Strategies.Hosting", "Adapters"],
        ["Aspire.AppHost"] = ["Silo", "Api", "Cli", "EmbeddedRedis"],
        ["EmbeddedRedis"] = [],
        ["SupplyChain"] = [],
    };

    private static IEnumerable<Project> Sources => Repository.Projects.Values.Where(p => !p.IsTest);

    [TestMethod]
    public void Projects_OutsideTests_StandInTheTable() =>
        CollectionAssert.AreEquivalent(Allowed.Keys.ToArray(), Sources.Select(p => p.Name).ToArray());

    [TestMethod]
    public void ProjectReferences_OfEachProject_AreOnesThatTheTableAllows()
    {
        foreach (var project in Sources)
            Assert.IsEmpty(project.References.Except(Allowed[project.Name]), $"{project.Name} must not reference these");
    }

    [TestMethod]
    public void Tests_Projects_AreReferencedByNobodyElse()
    {
        foreach (var project in Sources)
            Assert.IsFalse(project.Items("ProjectReference").Any(r => r.Contains("Tests", StringComparison.Ordinal)), $"{project.Name} references a test project");
    }

    [TestMethod]
    public void Sources_OfAnotherProject_AreLinkedByTestsOnly()
    {
        foreach (var project in Sources)
            Assert.IsEmpty(project.Items("Compile").Where(i => i.StartsWith("..", StringComparison.Ordinal)), $"{project.Name} compiles sources of another project");
        // The wire schema is shared as a file; whoever else wants it references nothing of the API either.
        var protos = Sources.Where(p => p.Items("Protobuf").Count > 0).Select(p => p.Name);
        CollectionAssert.IsSubsetOf(protos.ToArray(), new[] { "Api", "Cli" });
    }

    [TestMethod]
    public void AppHost_References_OnlyLaunch()
    {
        var host = Repository.Projects["Aspire.AppHost"];
        foreach (var reference in host.Elements("ProjectReference").Where(e => e.Attribute("Include") is not null))
        {
            var all = host.Elements("ProjectReference").SingleOrDefault(e => e.Attribute("Update")?.Value == "@(ProjectReference)");
            Assert.AreEqual("false", (reference.Attribute("ReferenceOutputAssembly") ?? all?.Attribute("ReferenceOutputAssembly"))?.Value, $"{reference} links what it should launch");
        }
    }

    [TestMethod]
    public void Strategies_Packages_AreAnalysersOnly()
    {
        foreach (var package in Repository.Projects["Strategies"].Elements("PackageReference"))
        {
            StringAssert.Contains(package.Attribute("Include")?.Value, "Analyzers");
            Assert.AreEqual("all", package.Attribute("PrivateAssets")?.Value);
        }
        Assert.Contains("Microsoft.CodeAnalysis.BannedApiAnalyzers", Repository.Projects["Strategies"].Packages);
        Assert.Contains("BannedSymbols.txt", Repository.Projects["Strategies"].Items("AdditionalFiles"));
    }

    [TestMethod]
    public void GrainsAbstractions_Packages_AreTheOrleansSdkOnly() =>
        CollectionAssert.AreEqual(new[] { "Microsoft.Orleans.Sdk" }, Repository.Projects["Grains.Abstractions"].Packages.ToArray());

    [TestMethod]
    public void Orleans_Packages_StandOnlyWhereGrainsLiveOrAreCalled()
    {
        string[] allowed = ["Grains.Abstractions", "Grains", "Silo", "Api"];
        foreach (var project in Sources.Where(p => !allowed.Contains(p.Name)))
            Assert.IsEmpty(project.Packages.Where(p => p.StartsWith("Microsoft.Orleans", StringComparison.Ordinal)), $"{project.Name} must not know Orleans");
    }

    [TestMethod]
    public void Packages_OfEachProject_TakeTheirVersionFromTheCentralFile()
    {
        foreach (var project in Repository.Projects.Values)
            Assert.IsEmpty(project.Elements("PackageReference").Where(e => e.Attribute("Version") is not null || e.Attribute("VersionOverride") is not null), project.Name);
    }

    [TestMethod]
    public void Solution_Projects_AreAllThatThereAre()
    {
        var listed = SolutionProject().Matches(Repository.Read("InferMesh.sln")).Select(m => m.Groups[1].Value.Replace('\\', '/')).ToArray();
        CollectionAssert.AreEquivalent(Repository.Files(".csproj").ToArray(), listed);
    }

    [TestMethod]
    public void SourceFiles_OutsideTests_HaveAtMost400Lines()
    {
        var tooLong = Repository.Files(".cs")
            .Where(f => !f.StartsWith("Tests/", StringComparison.Ordinal) && !f.EndsWith(".g.cs", StringComparison.Ordinal))
            .Select(f => (File: f, Lines: File.ReadLines(Path.Combine(Repository.Root, f)).Count()))
            .Where(f => f.Lines > MaxLines);
        Assert.IsEmpty(tooLong, $"longer than {MaxLines} lines");
    }

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex SolutionProject();
}
