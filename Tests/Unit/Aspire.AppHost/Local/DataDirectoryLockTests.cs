using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class DataDirectoryLockTests
{
    [TestMethod]
    public void TryTake_HeldByAnother_IsRefusedUntilReleased()
    {
        using var directory = new TestDirectory();
        using (var first = DataDirectoryLock.TryTake(directory.Path))
        {
            Assert.IsNotNull(first);
            Assert.IsNull(DataDirectoryLock.TryTake(directory.Path));
        }

        using var second = DataDirectoryLock.TryTake(directory.Path);
        Assert.IsNotNull(second);
    }
}
