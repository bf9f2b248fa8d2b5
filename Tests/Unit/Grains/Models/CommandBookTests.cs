using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Models;

namespace InferMesh.Tests.Unit.Grains.Models;

[TestClass]
public sealed class CommandBookTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ModelCommand Load = new() { Action = ModelAction.Load, Endpoint = "http://r", Model = "m" };
    private static readonly ModelCommand Unload = Load with { Action = ModelAction.Unload };

    private readonly CommandBook _book = new();

    [TestMethod]
    public void Begin_SameCommandUnderWay_IsNotBegunAgain()
    {
        Assert.IsTrue(Begin(Load, out var id));
        Assert.IsFalse(_book.Begin(Load, 1, Start, anyway: true, out var again));
        Assert.AreEqual(id, again);
        Assert.AreEqual(id, _book.Open.Single().Id);
    }

    [TestMethod]
    public void End_Done_CountsAsUnderWayUntilReadingsShowIt()
    {
        Begin(Load, out var id);
        Assert.AreEqual("m", _book.End(new(id!, "", false, 3), Start)!.Model);
        Assert.IsEmpty(_book.Open);
        Assert.HasCount(1, _book.UnderWay);
        Assert.IsFalse(Begin(Load, out _), "readings may still show the state before");
        _book.Expire(Start + CommandBook.Settling + TimeSpan.FromSeconds(1), agentGone: false);
        Assert.IsEmpty(_book.UnderWay);
        Assert.IsTrue(Begin(Load, out _));
    }

    [TestMethod]
    public void End_OppositeDone_ForgetsWhatItUndid()
    {
        Begin(Load, out var load);
        _book.End(new(load!, "", false, 1), Start);
        Begin(Unload, out var unload);
        _book.End(new(unload!, "", false, 1), Start);
        Assert.AreEqual(ModelAction.Unload, _book.UnderWay.Single().Action);
        Assert.IsTrue(Begin(Load, out _));
    }

    [TestMethod]
    public void End_Failures_WaitLongerEachTime_AndSuccessForgetsThem()
    {
        var now = Start;
        foreach (var (attempt, seconds) in new[] { (1, 5), (2, 10), (3, 20) })
        {
            Assert.IsTrue(_book.Begin(Load, 1, now, anyway: false, out var id));
            _book.End(new(id!, "no such model", false, 1), now);
            var failure = _book.Failures.Single();
            Assert.AreEqual((attempt, now.AddSeconds(seconds)), (failure.Attempts, failure.RetryAt));
            Assert.IsFalse(_book.Begin(Load, 1, failure.RetryAt.AddSeconds(-1), anyway: false, out _), "too early");
            now = failure.RetryAt;
        }
        Assert.IsTrue(_book.Begin(Load, 1, Start, anyway: true, out var last), "who asks for it by hand does not wait");
        _book.End(new(last!, "", false, 1), now);
        Assert.IsEmpty(_book.Failures);
    }

    [TestMethod]
    public void End_Unsupported_IsTriedAgainRarely()
    {
        Begin(Load, out var id);
        _book.End(new(id!, "vllm does not support LoadModel", true, 0), Start);
        Assert.AreEqual(Start.AddMinutes(5), _book.Failures.Single().RetryAt);
    }

    [TestMethod]
    public void End_UnknownOrTwice_IsDropped()
    {
        Begin(Load, out var id);
        Assert.IsNull(_book.End(new("other", "", false, 0), Start));
        _book.End(new(id!, "", false, 0), Start);
        Assert.IsNull(_book.End(new(id!, "late", false, 0), Start));
        Assert.IsEmpty(_book.Failures);
    }

    [TestMethod]
    public void Expire_AgentGoneOrTooOld_NamesWhatIsOpen()
    {
        Begin(Load, out var id);
        Assert.IsEmpty(_book.Expire(Start.AddMinutes(14), agentGone: false));
        Assert.AreEqual(id, _book.Expire(Start.AddMinutes(1), agentGone: true).Single());
        Assert.AreEqual(id, _book.Expire(Start.AddMinutes(16), agentGone: false).Single());
    }

    private bool Begin(ModelCommand command, out string? id) => _book.Begin(command, 1, Start, anyway: false, out id);
}
