using System.Globalization;
using System.Text;
using InferMesh.Strategies;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Strategies;

/// <summary>The parameter tables of docs/strategies.md come from the catalogue; set INFERMESH_UPDATE_CONTRACTS=1 to write them anew.</summary>
[TestClass]
public sealed class StrategyDocsTests
{
    private const string File = "docs/strategies.md";
    private const string Begin = "<!-- parameters: written by StrategyDocsTests from the catalogue -->\n";
    private const string End = "<!-- end of parameters -->\n";

    [TestMethod]
    public void Parameters_AsDocumented_AreThoseOfTheCatalogue()
    {
        var page = Repository.Read(File).ReplaceLineEndings("\n");
        var from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = page.IndexOf(End, StringComparison.Ordinal);
        Assert.IsTrue(from >= Begin.Length && to >= from, $"{File} has lost its markers");
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_CONTRACTS") == "1")
        {
            page = page[..from] + Tables() + page[to..];
            System.IO.File.WriteAllText(Path.Combine(Repository.Root, File), page);
            to = page.IndexOf(End, StringComparison.Ordinal);
        }
        Assert.AreEqual(Tables(), page[from..to], $"Run this test with INFERMESH_UPDATE_CONTRACTS=1 and commit {File}.");
    }

    [TestMethod]
    public void Strategies_OfTheCatalogue_HaveASectionEach()
    {
        var page = Repository.Read(File);
        foreach (var strategy in StrategyCatalog.All) StringAssert.Contains(page, $"### `{strategy.Name}`");
    }

    private static string Tables()
    {
        var text = new StringBuilder("\n| strategy | parameter | unit | default | range | meaning |\n|---|---|---|---|---|---|\n");
        foreach (var strategy in StrategyCatalog.All)
        {
            if (strategy.Parameters.Count == 0) text.Append(CultureInfo.InvariantCulture, $"| `{strategy.Name}` | none | | | | {strategy.Description} |\n");
            foreach (var p in strategy.Parameters)
                text.Append(CultureInfo.InvariantCulture, $"| `{strategy.Name}` | `{p.Name}` | {p.Unit} | {p.Default} | {p.Min} to {p.Max} | {p.Description} |\n");
        }
        return text.Append('\n').ToString();
    }
}
