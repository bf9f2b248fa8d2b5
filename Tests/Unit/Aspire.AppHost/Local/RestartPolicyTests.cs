using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class RestartPolicyTests
{
    private static readonly RestartPolicy Policy = new();

    [TestMethod]
    public void Delay_ExitsInARow_DoublesFromOneSecondToThirty() =>
        Assert.AreSequenceEqual([1d, 2, 4, 8, 16, 30, 30], Enumerable.Range(1, 7).Select(n => Policy.Delay(n).TotalSeconds));

    [TestMethod]
    public void Delay_AfterManyExits_StaysAtTheLimit() => Assert.AreEqual(TimeSpan.FromSeconds(30), Policy.Delay(int.MaxValue));

    [TestMethod]
    [DataRow(59, 5)]
    [DataRow(60, 1)]
    public void ExitsInARow_LongEnoughInHealth_StartsAnew(int healthySeconds, int expected) =>
        Assert.AreEqual(expected, Policy.ExitsInARow(4, TimeSpan.FromSeconds(healthySeconds)));
}
