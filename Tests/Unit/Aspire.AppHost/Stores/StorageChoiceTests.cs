using InferMesh.AppHost.Stores;
using InferMesh.AppHost.Topology;

namespace InferMesh.Tests.Unit.AppHost.Stores;

[TestClass]
public sealed class StorageChoiceTests
{
    private static readonly FakeExecutables WithPostgres = new("path/initdb", "path/postgres");
    private readonly List<string> _errors = [];

    [TestMethod]
    [DataRow("Auto")]
    [DataRow("None")]
    public void Choose_AutoOrNone_IsSqliteAlsoWithPostgres(string kind) =>
        Assert.AreEqual("SQLite", StorageChoice.Choose(new(Enum.Parse<SourceKind>(kind)), WithPostgres, _errors)?.ToString());

    [TestMethod]
    public void Choose_Executable_FindsBothPrograms() =>
        Assert.AreEqual(new PostgresPrograms("path/initdb", "path/postgres"), StorageChoice.Choose(new(SourceKind.Executable), WithPostgres, _errors)?.Programs);

    [TestMethod]
    [DataRow("Executable", "Mesh:Postgres=executable: initdb and postgres are neither in")]
    [DataRow("Container", "Mesh:Postgres=container needs the Aspire form")]
    public void Choose_WishThatCannotBeMet_SaysWhatToDo(string kind, string message)
    {
        // initdb alone is no server.
        Assert.IsNull(StorageChoice.Choose(new(Enum.Parse<SourceKind>(kind)), new FakeExecutables("path/initdb"), _errors));
        Assert.StartsWith(message, Assert.ContainsSingle(_errors));
    }

    [TestMethod]
    public void Find_SeveralVersions_TakesThePairOfOneDirectory()
    {
        var machine = new FakeExecutables("pg/17/initdb", "pg/17/postgres", "pg/15/initdb", "pg/15/postgres", "path/postgres");

        Assert.AreEqual(new PostgresPrograms("pg/17/initdb", "pg/17/postgres"), PostgresPrograms.Find(machine, ["pg/17", "pg/15"]));
    }

    [TestMethod]
    public void VersionDirectories_AreNewestFirst()
    {
        using var root = new TestDirectory();
        foreach (var version in (string[])["9.6", "15", "17"]) Directory.CreateDirectory(root.File(version));

        Assert.AreSequenceEqual(["17", "15", "9.6"], PostgresPrograms.VersionDirectories(root.Path).Select(d => Path.GetFileName(Path.GetDirectoryName(d)!)));
    }
}
