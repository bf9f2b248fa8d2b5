using InferMesh.Grains.Abstractions.Idempotency;
using InferMesh.Grains.Idempotency;

namespace InferMesh.Tests.Unit.Grains.Idempotency;

[TestClass]
public sealed class IdempotencyRecordTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    private static readonly StoredAnswer Answer = new(200, "application/json", [1], "n1");
    private readonly IdempotencyRecord _record = new();
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Begin_LeaseOver_AnotherTryRunsAndTheFirstAnswerCounts()
    {
        Assert.AreEqual(IdempotencyState.Run, _record.Begin("a", Lease, _now).State);
        Assert.AreEqual(IdempotencyState.Running, _record.Begin("a", Lease, _now).State);
        _now += Lease;
        Assert.AreEqual(IdempotencyState.Run, _record.Begin("a", Lease, _now).State);
        Assert.IsTrue(_record.Complete("a", Answer, _now));
        Assert.IsFalse(_record.Complete("a", Answer with { Status = 201 }, _now));
        Assert.IsFalse(_record.Abandon("a"), "an answer is not taken back");
        Assert.AreEqual(Answer, _record.Begin("a", Lease, _now).Answer);
    }

    [TestMethod]
    public void Begin_AnswerTooOld_RunsAlsoAnotherRequest()
    {
        _record.Begin("a", Lease, _now);
        _record.Complete("a", Answer, _now);
        Assert.AreEqual(IdempotencyState.Mismatch, _record.Begin("b", Lease, _now).State);
        _now += IdempotencyKeys.KeptFor;
        Assert.AreEqual(IdempotencyState.Run, _record.Begin("b", Lease, _now).State);
        Assert.IsFalse(_record.Complete("a", Answer, _now), "the key is another request's now");
    }

    [TestMethod]
    public void Abandon_Running_NextTryRuns()
    {
        _record.Begin("a", Lease, _now);
        Assert.IsTrue(_record.Abandon("a"));
        Assert.AreEqual(IdempotencyState.Run, _record.Begin("b", Lease, _now).State);
    }
}
