using CsCheck;
using InferMesh.Simulator.World;

namespace InferMesh.Tests.Unit.Simulator.World;

/// <summary>What holds for every workload.</summary>
[TestClass]
public sealed class ContinuousBatchLawTests
{
    private static readonly Gen<(int Prompt, int Output, bool Cancel)[]> Workload =
        Gen.Select(Gen.Int[1, 400], Gen.Int[1, 60], Gen.Int[0, 9], static (prompt, output, dice) => (prompt, output, dice == 0)).Array[1, 60];

    private static readonly GpuProfile Profile = GpuCatalog.All[0] with { MaxConcurrentSequences = 7, MaxBatchedTokens = 128, KvCapacityTokens = 2000 };

    [TestMethod]
    public void Run_AnyWorkload_ConservesTokensAndBlocksAndOrder() => Workload.Sample(static work =>
    {
        var batch = new ContinuousBatch(Profile);
        for (var i = 0; i < work.Length; i++)
            Assert.AreEqual(SubmitResult.Accepted, batch.Submit(new SequenceSpec(i, work[i].Prompt, work[i].Output)));

        var tokens = new int[work.Length];
        var prefill = 0L;
        var firsts = new List<long>();
        var finished = new HashSet<long>();
        while (batch.Step() is { IsEmpty: false } step)
        {
            Assert.IsLessThanOrEqualTo(Profile.MaxBatchedTokens, step.PrefillTokens);
            Assert.AreEqual(step.DecodeTokens, step.Tokens.Length);
            Assert.IsLessThanOrEqualTo(Profile.MaxConcurrentSequences, batch.Running);
            Assert.IsLessThanOrEqualTo(batch.KvReserved, batch.KvUsage);
            Assert.IsLessThanOrEqualTo(1.0, batch.KvReserved);
            prefill += step.PrefillTokens;
            firsts.AddRange(step.FirstTokens.ToArray());
            foreach (var id in step.Tokens.Span)
                tokens[id]++;
            foreach (var id in step.Finished.Span)
                Assert.IsTrue(finished.Add(id), "finished twice");
        }

        Assert.AreEqual(work.Sum(static w => (long)w.Prompt), prefill);
        CollectionAssert.AreEqual(work.Select(static w => w.Output).ToArray(), tokens);
        CollectionAssert.AreEqual(Enumerable.Range(0, work.Length).Select(static i => (long)i).ToArray(), firsts, "first tokens are FIFO");
        Assert.HasCount(work.Length, finished);
        AssertEmpty(batch);
    }, iter: 200);

    [TestMethod]
    public void Run_WithCancellations_EndsEmptyAndGivesNoTokenAfterACancel() => Workload.Sample(static work =>
    {
        var batch = new ContinuousBatch(Profile);
        for (var i = 0; i < work.Length; i++)
            batch.Submit(new SequenceSpec(i, work[i].Prompt, work[i].Output));

        var cancelled = new HashSet<long>();
        var steps = 0;
        while (batch.Step() is { IsEmpty: false } step)
        {
            Assert.IsFalse(step.Tokens.ToArray().Any(cancelled.Contains));
            if (steps < work.Length && work[steps].Cancel && batch.Cancel(steps))
                cancelled.Add(steps);
            steps++;
        }

        AssertEmpty(batch);
    }, iter: 200);

    [TestMethod]
    public void Run_Twice_IsIdentical() => Workload.Sample(static work => Assert.AreEqual(Trail(work), Trail(work)), iter: 50);

    private static string Trail((int Prompt, int Output, bool Cancel)[] work)
    {
        var batch = new ContinuousBatch(Profile);
        for (var i = 0; i < work.Length; i++)
            batch.Submit(new SequenceSpec(i, work[i].Prompt, work[i].Output));
        var trail = new System.Text.StringBuilder();
        while (batch.Step() is { IsEmpty: false } step)
            trail.Append(step.Duration.Ticks).Append(':').AppendJoin(',', step.Tokens.ToArray()).Append(';');
        return trail.ToString();
    }

    private static void AssertEmpty(ContinuousBatch batch)
    {
        Assert.AreEqual(0, batch.UsedBlocks);
        Assert.AreEqual(0.0, batch.KvReserved);
        Assert.AreEqual(0, batch.Running);
        Assert.AreEqual(0, batch.Waiting);
    }
}
