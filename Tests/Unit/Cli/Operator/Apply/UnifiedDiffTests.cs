using InferMesh.Cli.Operator.Apply;

namespace InferMesh.Tests.Unit.Cli.Operator.Apply;

[TestClass]
public sealed class UnifiedDiffTests
{
    [TestMethod]
    public void Of_SameTexts_IsNothing() => Assert.AreEqual("", UnifiedDiff.Of("x", "a\nb\n", "a\nb\n", colours: true));

    [TestMethod]
    public void Of_AChange_HasThreeLinesAround()
    {
        var before = string.Concat(Enumerable.Range(1, 20).Select(i => $"l{i}\n"));
        var diff = UnifiedDiff.Of("x", before, before.Replace("l10\n", "new\nl10b\n", StringComparison.Ordinal).Replace("l20\n", "", StringComparison.Ordinal), colours: false);
        Assert.AreEqual("--- mesh/x\n+++ file/x\n@@ -7,7 +7,8 @@\n l7\n l8\n l9\n-l10\n+new\n+l10b\n l11\n l12\n l13\n@@ -17,4 +18,3 @@\n l17\n l18\n l19\n-l20\n", diff);
    }

    [TestMethod]
    public void Of_SomethingNew_IsAllAdded() => Assert.AreEqual("--- /dev/null\n+++ file/x\n@@ -0,0 +1,2 @@\n+a\n+b\n", UnifiedDiff.Of("x", "", "a\nb\n", colours: false));

    [TestMethod]
    public void Of_WithColours_MarksLines() => Assert.Contains("\u001b[31m-a\u001b[0m\n\u001b[32m+b\u001b[0m\n", UnifiedDiff.Of("x", "a\n", "b\n", colours: true));
}
