using InferMesh.AppHost.Stores;
using InferMesh.AppHost.Topology;

namespace InferMesh.Tests.Unit.AppHost.Stores;

[TestClass]
public sealed class RedisChoiceTests
{
    private static readonly FakeExecutables WithRedis = new("path/redis-server");
    private static readonly FakeExecutables Bare = new();
    private readonly List<string> _errors = [];

    [TestMethod]
    public void Choose_AutoWithServerOnPath_TakesIt() =>
        Assert.AreEqual(new RedisChoice(SourceKind.Executable, "path/redis-server"), RedisChoice.Choose(StoreSource.Auto, WithRedis, _errors));

    [TestMethod]
    public void Choose_AutoOnABareMachine_IsEmbedded() => Assert.AreEqual(new RedisChoice(SourceKind.Embedded), RedisChoice.Choose(StoreSource.Auto, Bare, _errors));

    [TestMethod]
    public void Choose_EmbeddedAskedFor_IsEmbeddedAlsoWithServer() =>
        Assert.AreEqual(new RedisChoice(SourceKind.Embedded), RedisChoice.Choose(new(SourceKind.Embedded), WithRedis, _errors));

    [TestMethod]
    public void Choose_ConnectionString_IsPassedOn() =>
        Assert.AreEqual("cache:6379", RedisChoice.Choose(new(SourceKind.Connection, "cache:6379"), Bare, _errors)?.ConnectionString);

    [TestMethod]
    [DataRow("Executable", "Mesh:Redis=executable: redis-server is not on PATH")]
    [DataRow("Container", "Mesh:Redis=container needs the Aspire form")]
    public void Choose_WishThatCannotBeMet_SaysWhatToDo(string kind, string message)
    {
        Assert.IsNull(RedisChoice.Choose(new(Enum.Parse<SourceKind>(kind)), Bare, _errors));
        Assert.StartsWith(message, Assert.ContainsSingle(_errors));
    }
}
