using System.Text;
using System.Text.RegularExpressions;

namespace InferMesh.Tests.Unit.Docs;

/// <summary>The index of the pages: by theme, each with the first sentence of its page.</summary>
[TestClass]
public sealed partial class DocsIndexTests
{
    private static readonly (string Theme, string[] Pages)[] Themes =
    [
        ("Begin here", ["quickstart", "concepts", "architecture", "comparison"]),
        ("Serve", ["endpoints", "data-plane", "strategies", "models", "topology"]),
        ("Train", ["training"]),
        ("Simulate", ["simulator", "simulator-config", "simulator-calibration", "results"]),
        ("Operate", ["operations", "experiments", "replay-decisions", "console", "cli", "observability", "runbooks", "deploy", "durability", "backup", "events", "troubleshooting"]),
        ("Protect", ["security", "tls", "tenants"]),
        ("Nodes", ["agent", "adapters"]),
        ("Reference", ["api-reference", "cli-reference", "performance", "licences"]),
        ("Extend", ["extending", "plugins"]),
    ];

    [TestMethod]
    public void Index_ListsEveryPageUnderItsTheme()
    {
        var pages = Directory.GetFiles(GeneratedPage.Folder, "*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => n != "README").ToHashSet(StringComparer.Ordinal);
        Assert.IsEmpty(pages.Except(Themes.SelectMany(t => t.Pages)).ToArray(), "Pages without a theme.");
        var text = new StringBuilder("# Documentation of InferMesh\n\nWhat the project is and how to run it: [README](../README.md). Decisions that were hard to make: [adr/](adr/).\n");
        foreach (var (theme, names) in Themes)
        {
            text.Append("\n## ").Append(theme).Append("\n\n");
            foreach (var name in names.Where(pages.Contains))
            {
                var (title, sentence) = Head(File.ReadAllText(Path.Combine(GeneratedPage.Folder, $"{name}.md")));
                text.Append("- [").Append(title).Append("](").Append(name).Append(".md): ").Append(sentence).Append('\n');
            }
        }
        GeneratedPage.AssertIs("README.md", text.ToString());
    }

    /// <summary>Title and first sentence of a page; links in the sentence lead on from the index as they do from the page.</summary>
    private static (string Title, string Sentence) Head(string page)
    {
        var title = Title().Match(page);
        Assert.IsTrue(title.Success, page[..Math.Min(80, page.Length)]);
        var paragraph = Paragraph().Match(page[(title.Index + title.Length)..]).Value.ReplaceLineEndings(" ").Trim();
        Assert.IsGreaterThan(0, paragraph.Length, $"{title.Groups[1].Value} begins without a sentence that says what it is about.");
        var end = Sentence().Match(paragraph);
        return (title.Groups[1].Value, end.Success ? paragraph[..(end.Index + 1)] : paragraph.TrimEnd(':') + (paragraph.EndsWith('.') ? "" : "."));
    }

    [GeneratedRegex(@"\A# ([^\n]+)\n")]
    private static partial Regex Title();

    [GeneratedRegex(@"(?m)^[A-Z`*\[][^\n]*(\n[^\n#|\-<][^\n]*)*")]
    private static partial Regex Paragraph();

    [GeneratedRegex(@"[.:](?=\s+[A-Z`\[]|\s*$)")]
    private static partial Regex Sentence();
}
