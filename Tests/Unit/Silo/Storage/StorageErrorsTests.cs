using InferMesh.Silo.Storage;
using Microsoft.Data.Sqlite;

namespace InferMesh.Tests.Unit.Silo.Storage;

[TestClass]
public sealed class StorageErrorsTests
{
    [TestMethod]
    public void FindDriverError_DeepInside_IsFound()
    {
        var driver = new SqliteException("locked", 5);

        Assert.AreSame(driver, StorageErrors.FindDriverError(new InvalidOperationException("a", new IOException("b", driver))));
    }

    [TestMethod]
    public void FindDriverError_None_IsNull() => Assert.IsNull(StorageErrors.FindDriverError(new OrleansException("x", new IOException())));

    [TestMethod]
    public void Translate_DriverError_KeepsTheWordsButNotTheType()
    {
        var translated = StorageErrors.Translate("write lease of tenant/a", new SqliteException("locked", 5));

        Assert.Contains("locked", translated.Message);
        Assert.Contains("tenant/a", translated.Message);
        Assert.IsNull(translated.InnerException);
    }
}
