using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Docs;

/// <summary>A page of docs/ that is written by a test: <c>INFERMESH_UPDATE_GOLDEN=1</c> writes it anew.</summary>
internal static class GeneratedPage
{
    public static string Folder => Path.Combine(Repository.Root, "docs");

    public static void AssertIs(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(path, text);
        Assert.IsTrue(File.Exists(path) && File.ReadAllText(path) == text, $"docs/{name} is not what it is made from. Run this test with INFERMESH_UPDATE_GOLDEN=1 and review the page.");
    }
}
