using System.IO.Compression;
using InferMesh.Cli;
using InferMesh.Cli.Operator.Plugins;

namespace InferMesh.Tests.Unit.Cli.Operator;

[TestClass]
public sealed class StrategyArchiveTests
{
    [TestMethod]
    public void Read_OfAFolder_TakesWhatItsManifestLists()
    {
        using var session = new Session();
        session.File("plugin.json", """{"version":"1.2.0","files":{"main.wasm":"x"}}""");
        session.File("main.wasm", [1, 2, 3]);
        session.File("secret.txt", "no");
        var archive = StrategyArchive.Read(session.Home);
        Assert.AreEqual("1.2.0", archive.Version);
        using var zip = new ZipArchive(new MemoryStream(archive.Bytes));
        CollectionAssert.AreEqual(new[] { "plugin.json", "main.wasm" }, zip.Entries.Select(e => e.FullName).ToArray());
        CollectionAssert.AreEqual(archive.Bytes, StrategyArchive.Read(session.Home).Bytes, "The same folder makes the same archive.");
        Assert.AreEqual("1.2.0", StrategyArchive.Read(session.File("a.zip", archive.Bytes)).Version);
    }

    [TestMethod]
    [DataRow("""{"version":"1.0.0","files":{"../secret":"x"}}""", "not in the folder")]
    [DataRow("""{"version":"1.0.0","files":{"none.wasm":"x"}}""", "cannot be read")]
    [DataRow("[]", "cannot be read")]
    [DataRow("{", "cannot be read")]
    public void Read_OfAFolderThatIsWrong_SaysSo(string manifest, string says)
    {
        using var session = new Session();
        session.File("plugin.json", manifest);
        StringAssert.Contains(Assert.ThrowsExactly<UsageException>(() => StrategyArchive.Read(session.Home)).Message, says);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("/")]
    [DataRow("//")]
    [DataRow("/./")]
    [DataRow("/.")]
    public void Read_OfAFolder_WhateverWayItIsWritten(string end)
    {
        using var session = new Session();
        session.File("plugin.json", """{"version":"1.2.0","files":{"main.wasm":"x"}}""");
        session.File("main.wasm", [1, 2, 3]);
        Assert.AreEqual("1.2.0", StrategyArchive.Read(session.Home + end).Version);
    }

    [TestMethod]
    public void Read_OfMoreThanTheMeshTakes_SaysSo()
    {
        const int most = 8 << 20;
        var content = new byte[most + 1];
        new Random(1).NextBytes(content);
        using var session = new Session();
        session.File("plugin.json", """{"version":"1.2.0","files":{"main.wasm":"x"}}""");
        StringAssert.Contains(Assert.ThrowsExactly<UsageException>(() => StrategyArchive.Read(session.File("main.wasm", content))).Message, $"more than {most}");
        StringAssert.Contains(Assert.ThrowsExactly<UsageException>(() => StrategyArchive.Read(session.Home)).Message, $"at most {most}");
    }

    [TestMethod]
    public void Read_OfNoArchive_SaysSo()
    {
        using var session = new Session();
        Assert.ThrowsExactly<UsageException>(() => StrategyArchive.Read(session.File("a.zip", "text")));
        Assert.ThrowsExactly<UsageException>(() => StrategyArchive.Read(Path.Combine(session.Home, "none.zip")));
    }
}
