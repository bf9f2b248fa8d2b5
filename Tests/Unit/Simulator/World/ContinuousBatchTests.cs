using InferMesh.Simulator.World;

namespace InferMesh.Tests.Unit.Simulator.World;

[TestClass]
public sealed class ContinuousBatchTests
{
    private static readonly GpuProfile Small = new()
    {
        Name = "test",
        VramTotalBytes = 1,
        PriceUsdPerHour = 1,
        PrefillTokensPerSecond = 1000,
        StepBaseSeconds = 0.010,
        StepPerSequenceSeconds = 0.001,
        StepPerKvTokenSeconds = 0.00001,
        MaxConcurrentSequences = 4,
        MaxBatchedTokens = 64,
        KvCapacityTokens = 1024,
    };

    [TestMethod]
    public void Step_NothingSubmitted_IsEmpty()
    {
        var step = new ContinuousBatch(Small).Step();

        Assert.IsTrue(step.IsEmpty);
        Assert.AreEqual(0, step.Tokens.Length);
    }

    [TestMethod]
    public void Step_OnePrompt_TakesTheRooflineTimeAndGivesTheFirstToken()
    {
        var batch = new ContinuousBatch(Small);
        batch.Submit(new SequenceSpec(1, 32, 2));

        var first = batch.Step();
        Assert.AreEqual(32, first.PrefillTokens);
        Assert.AreEqual(33, first.Duration.TotalMilliseconds, 0.01, "32 ms of prefill hide the 10 ms base; one sequence adds 1 ms");
        CollectionAssert.AreEqual(new long[] { 1 }, first.FirstTokens.ToArray());

        var second = batch.Step();
        Assert.AreEqual(11.33, second.Duration.TotalMilliseconds, 0.01, "base, one sequence, 33 tokens of context");
        CollectionAssert.AreEqual(new long[] { 1 }, second.Finished.ToArray());
        Assert.AreEqual(0, batch.Running);
    }

    [TestMethod]
    public void Step_PromptAboveTheBudget_IsChunkedAndDecodesGoFirst()
    {
        var batch = new ContinuousBatch(Small);
        batch.Submit(new SequenceSpec(1, 10, 50));
        batch.Step();
        batch.Submit(new SequenceSpec(2, 100, 1));

        var one = batch.Step();
        Assert.AreEqual(63, one.PrefillTokens, "one token of the budget belongs to the decoding sequence");
        CollectionAssert.AreEqual(new long[] { 1 }, one.Tokens.ToArray());
        var two = batch.Step();
        Assert.AreEqual(37, two.PrefillTokens);
        CollectionAssert.AreEqual(new long[] { 2 }, two.Finished.ToArray());
    }

    [TestMethod]
    public void Submit_MoreThanTheCacheHolds_IsTooLarge()
        => Assert.AreEqual(SubmitResult.TooLarge, new ContinuousBatch(Small).Submit(new SequenceSpec(1, 1020, 5)));

    [TestMethod]
    public void Submit_SameIdTwice_IsDuplicate()
    {
        var batch = new ContinuousBatch(Small);
        batch.Submit(new SequenceSpec(1, 1, 1));

        Assert.AreEqual(SubmitResult.DuplicateId, batch.Submit(new SequenceSpec(1, 1, 1)));
    }

    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(1, 0)]
    [DataRow(-5, 1)]
    public void Submit_NoTokens_Throws(int prompt, int output)
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ContinuousBatch(Small).Submit(new SequenceSpec(1, prompt, output)));

    [TestMethod]
    public void Admission_HeadDoesNotFit_HoldsTheQueue()
    {
        var batch = new ContinuousBatch(Small);
        batch.Submit(new SequenceSpec(1, 600, 100));
        batch.Submit(new SequenceSpec(2, 600, 100));
        batch.Submit(new SequenceSpec(3, 1, 1));
        batch.Step();

        Assert.AreEqual(1, batch.Running);
        Assert.AreEqual(2, batch.Waiting);
        Assert.IsTrue(batch.IsWaiting(3), "a small one does not overtake: FIFO");
    }

    [TestMethod]
    public void Cancel_Running_ReleasesSlotAndBlocks()
    {
        var batch = new ContinuousBatch(Small);
        batch.Submit(new SequenceSpec(1, 40, 100));
        batch.Step();
        Assert.IsGreaterThan(0, batch.UsedBlocks);

        Assert.IsTrue(batch.Cancel(1));
        Assert.AreEqual(0, batch.UsedBlocks);
        Assert.AreEqual(0.0, batch.KvReserved);
        Assert.AreEqual(0, batch.Running);
        Assert.IsFalse(batch.Cancel(1));
        Assert.IsTrue(batch.Step().IsEmpty);
    }

    [TestMethod]
    public void Cancel_Waiting_NeverRuns()
    {
        var batch = new ContinuousBatch(Small);
        batch.Submit(new SequenceSpec(1, 900, 10));
        batch.Submit(new SequenceSpec(2, 900, 10));
        batch.Step();
        Assert.IsTrue(batch.Cancel(2));
        Assert.AreEqual(0, batch.Waiting);

        var finished = new List<long>();
        while (batch.Step() is { IsEmpty: false } step)
            finished.AddRange(step.Finished.ToArray());
        CollectionAssert.AreEqual(new long[] { 1 }, finished);
    }

    [TestMethod]
    public void Constructor_ProfileWithoutSlots_Throws()
        => Assert.ThrowsExactly<ArgumentException>(() => new ContinuousBatch(Small with { MaxConcurrentSequences = 0 }));
}
