using System.Text.RegularExpressions;

namespace InferMesh.Tests.Shared;

/// <summary>What of the pages is meant for a shell: blocks fenced as <c>bash</c>, each of which is run by a test or says why not, in a line <c>&lt;!-- not run: why --&gt;</c> above it.</summary>
internal static partial class DocPages
{
    /// <summary>Pages whose blocks are pasted while the mesh of the tests runs.</summary>
    public static readonly string[] Pasted =
    [
        "README.md", "docs/quickstart.md", "docs/operations.md", "docs/events.md", "docs/endpoints.md", "docs/models.md", "docs/topology.md", "docs/tenants.md", "docs/backup.md", "docs/data-plane.md",
        "docs/cli.md", "docs/security.md", "docs/troubleshooting.md", "docs/observability.md", "docs/console.md", "docs/experiments.md",
    ];

    /// <summary>Pages whose blocks have tests of their own.</summary>
    public static readonly string[] WithTestsOfTheirOwn = ["docs/training.md", "docs/tls.md", "docs/simulator.md", "docs/replay-decisions.md"];

    /// <summary>All pages.</summary>
    /// <param name="root">Folder of the repository.</param>
    public static IEnumerable<string> All(string root) =>
        Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories).Concat(Directory.GetFiles(root, "*.md")).Select(file => Path.GetRelativePath(root, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    /// <summary>Blocks of a page that are to be run, in order.</summary>
    public static string[] ToRun(string page) => [.. Block().Matches(page).Where(static m => !m.Groups["skip"].Success).Select(static m => m.Groups["code"].Value)];

    /// <summary>Lines of a page that begin a block for a shell which no test would run and which does not say why.</summary>
    /// <param name="page">Text of the page.</param>
    /// <param name="isRun">Whether blocks of this page are run.</param>
    public static IEnumerable<string> Forgotten(string page, bool isRun)
    {
        var lines = page.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!Fence().IsMatch(lines[i])) continue;
            var saysWhy = i > 0 && Reason().IsMatch(lines[i - 1]);
            // Another name of the language, or a block within a list, is one that nobody would find.
            if (lines[i] != "```bash" || !(saysWhy || isRun)) yield return $"{i + 1}: {lines[i]}";
        }
    }

    [GeneratedRegex(@"(?<skip><!-- not run: [^\n]+-->\n)?```bash\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\s*(?:`{3,}|~{3,})\s*(?:ba|z|fi)?sh\b|^\s*(?:`{3,}|~{3,})\s*(?:shell|console|pwsh|powershell)\b")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^<!-- not run: \S.*-->$")]
    private static partial Regex Reason();
}
