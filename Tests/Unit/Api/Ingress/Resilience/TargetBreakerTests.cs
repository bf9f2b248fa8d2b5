using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Resilience;

namespace InferMesh.Tests.Unit.Api.Ingress.Resilience;

[TestClass]
public sealed class TargetBreakerTests
{
    private static readonly IngressSettings Settings = new() { EjectAfterFailures = 3, EjectTime = TimeSpan.FromSeconds(5), MaxEjectTime = TimeSpan.FromSeconds(12) };
    private readonly TargetBreaker _breaker = new();
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Failed_SomeInARow_OpensForLongerEachTime()
    {
        Assert.IsNull(Fail());
        Assert.IsNull(Fail());
        Assert.AreEqual(TimeSpan.FromSeconds(5), Fail());
        Assert.IsTrue(_breaker.IsShut(_now));
        Assert.IsFalse(_breaker.TryEnter(_now));
        foreach (var seconds in new[] { 10, 12, 12 })
        {
            Pass(TimeSpan.FromSeconds(12));
            Assert.IsTrue(_breaker.TryEnter(_now), "half open");
            Assert.AreEqual(TimeSpan.FromSeconds(seconds), Fail());
        }
    }

    [TestMethod]
    public void Succeeded_InBetween_StartsTheRowAnew()
    {
        for (var i = 0; i < 6; i++)
        {
            Assert.IsNull(Fail());
            Assert.IsNull(Fail());
            Assert.IsFalse(_breaker.Succeeded(_now));
            if (i == 2) Pass(TimeSpan.FromSeconds(60));
        }
    }

    [TestMethod]
    public void Failed_HalfOfMany_OpensWithoutARow()
    {
        TimeSpan? opened = null;
        for (var i = 0; i < 20 && opened is null; i++)
        {
            opened = Fail();
            if (opened is null) _breaker.Succeeded(_now);
        }
        Assert.IsNotNull(opened);
    }

    [TestMethod]
    public void HalfOpen_OneAtATime_AndItsAnswerCloses()
    {
        for (var i = 0; i < 3; i++) Fail();
        Pass(TimeSpan.FromSeconds(5));
        Assert.IsFalse(_breaker.IsShut(_now));
        Assert.IsTrue(_breaker.TryEnter(_now));
        Assert.IsFalse(_breaker.TryEnter(_now), "one is trying");
        Assert.IsTrue(_breaker.IsShut(_now));
        Assert.IsTrue(_breaker.Succeeded(_now));
        Assert.IsTrue(_breaker.TryEnter(_now));
        Assert.IsTrue(_breaker.TryEnter(_now));
    }

    [TestMethod]
    public void HalfOpen_ProbeLeavesWithoutAnAnswer_AnotherOneMayTry()
    {
        for (var i = 0; i < 3; i++) Fail();
        Pass(TimeSpan.FromSeconds(5));
        Assert.IsTrue(_breaker.TryEnter(_now));
        _breaker.Left();
        Assert.IsTrue(_breaker.TryEnter(_now));
    }

    [TestMethod]
    public void Failed_WhileOpen_SaysNothingNew()
    {
        for (var i = 0; i < 3; i++) Fail();
        for (var i = 0; i < 10; i++) Assert.IsNull(Fail());
        Pass(TimeSpan.FromSeconds(5));
        Assert.IsTrue(_breaker.TryEnter(_now));
    }

    [TestMethod]
    public void Rest_AskedFor_IsNoFailure()
    {
        _breaker.Rest(_now + TimeSpan.FromSeconds(2));
        Assert.IsTrue(_breaker.IsShut(_now));
        Pass(TimeSpan.FromSeconds(2));
        Assert.IsTrue(_breaker.TryEnter(_now));
        Assert.IsTrue(_breaker.TryEnter(_now), "closed, not half open");
    }

    [TestMethod]
    public void Forgiven_LongWithoutAFailure_StartsAnew()
    {
        for (var i = 0; i < 3; i++) Fail();
        Pass(TimeSpan.FromSeconds(5));
        _breaker.TryEnter(_now);
        _breaker.Succeeded(_now);
        Assert.IsFalse(_breaker.IsForgiven(_now));
        Pass(TimeSpan.FromMinutes(3));
        Assert.IsTrue(_breaker.IsForgiven(_now));
        Fail();
        Fail();
        Assert.AreEqual(TimeSpan.FromSeconds(5), Fail());
    }

    private TimeSpan? Fail() => _breaker.Failed(_now, Settings);

    private void Pass(TimeSpan time) => _now += time;
}
