using InferMesh.Tests.Shared;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Docs;

/// <summary>No block of a page is left out in silence. That they succeed is shown by the end-to-end tests.</summary>
[TestClass]
public sealed class ShellBlocksTests
{
    [TestMethod]
    public void Blocks_OfAllPages_AreRunOrSayWhyNot()
    {
        var pages = DocPages.All(Repository.Root).ToArray();
        var run = DocPages.Pasted.Concat(DocPages.WithTestsOfTheirOwn).ToArray();
        Assert.IsEmpty(run.Except(pages).ToArray(), "pages that are gone");
        var forgotten = pages.SelectMany(page => DocPages.Forgotten(Repository.Read(page).ReplaceLineEndings("\n"), run.Contains(page)).Select(line => $"{page}:{line}")).ToArray();
        Assert.IsEmpty(forgotten, "Fence these as ```bash; on pages that no test runs, or where it cannot, put <!-- not run: why --> above:\n" + string.Join("\n", forgotten));
    }

    [TestMethod]
    [DataRow("```bash\nls\n```", true, "")]
    [DataRow("```bash\nls\n```", false, "1: ```bash")]
    [DataRow("```sh\nls\n```", true, "1: ```sh")]
    [DataRow("<!-- not run: it is long -->\n```bash\nls\n```", false, "")]
    [DataRow("<!-- not run: -->\n```bash\nls\n```", false, "2: ```bash")]
    [DataRow("- so:\n  ```bash\n  ls\n  ```", true, "2:   ```bash")]
    [DataRow("```yaml\na: 1\n```", false, "")]
    public void Forgotten_OfAPage_AreThoseThatNoTestRuns(string page, bool isRun, string expected) => Assert.AreEqual(expected, string.Join("|", DocPages.Forgotten(page, isRun)));

    [TestMethod]
    public void ToRun_LeavesOutWhatSaysWhy() =>
        CollectionAssert.AreEqual(new[] { "one\n", "three\n" }, DocPages.ToRun("```bash\none\n```\n<!-- not run: why -->\n```bash\ntwo\n```\ntext\n```bash\nthree\n```\n"));
}
