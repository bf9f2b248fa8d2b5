using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class DataDirectoryLockTests
{
    [TestMethod]
    public void Take_HeldByAnother_IsRefusedUntilReleased()
    {
        using var directory = new TestDirectory();
        using (var first = DataDirectoryLock.Take(directory.Path).Lock)
        {
            Assert.IsNotNull(first);
            Assert.Contains("is in use by another AppHost", DataDirectoryLock.Take(directory.Path).Refusal!);
        }

        using var second = DataDirectoryLock.Take(directory.Path).Lock;
        Assert.IsNotNull(second);
    }

    [TestMethod]
    public void Take_FileInTheWay_SaysSo()
    {
        using var directory = new TestDirectory();
        File.WriteAllText(directory.File("data"), "");

        var (taken, refusal) = DataDirectoryLock.Take(directory.File("data"));

        Assert.IsNull(taken);
        Assert.Contains("cannot be made", refusal!);
    }
}
