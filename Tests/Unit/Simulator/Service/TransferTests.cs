using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

/// <summary>An engine that prefills for others, and one that decodes what others prefilled.</summary>
[TestClass]
public sealed class TransferTests
{
    private const int Prompt = 160, PromptBlocks = 10;
    private static readonly KvLink Link = new(1_000_000, 2_000);

    [TestMethod]
    public void SubmitPrefill_Done_HoldsItsBlocksUntilTheyAreFreed()
    {
        var (engine, log) = (New(), new EngineLog());
        engine.SubmitPrefill(Engines.Request(7, 0, Prompt, 50), 0);
        Engines.Drain(engine, log);
        Assert.AreEqual(log.FirstNs[7], log.FinishedNs[7], "Here it is done with the first token.");
        Assert.AreEqual(PromptBlocks, engine.BlocksInUse);
        Assert.AreEqual(new EngineReading(log.FinishedNs[7], 0, 0, PromptBlocks / 100.0), engine.Read(log.FinishedNs[7]));
        Assert.IsTrue(engine.Free(7, log.FinishedNs[7]));
        Assert.IsFalse(engine.Free(7, log.FinishedNs[7]));
        Assert.AreEqual(0, engine.BlocksInUse);
    }

    [TestMethod]
    public void SubmitPrefill_NoRoomBesideHeldBlocks_WaitsForThem()
    {
        var (engine, log) = (New(blocks: 15), new EngineLog());
        engine.SubmitPrefill(Engines.Request(0, 0, Prompt, 50), 0);
        engine.SubmitPrefill(Engines.Request(1, 0, Prompt, 50), 0);
        Engines.Drain(engine, log);
        Assert.IsFalse(log.FirstNs.ContainsKey(1));
        engine.Free(0, 5_000_000_000);
        Assert.AreEqual(5_000_000_000, engine.NextNs);
        Engines.Drain(engine, log);
        Assert.IsGreaterThan(5_000_000_000, log.FirstNs[1]);
    }

    [TestMethod]
    public void SubmitDecode_Alone_FetchesThenDecodesAsComputedByHand()
    {
        var (engine, log) = (New(), new EngineLog());
        const long First = 10_000_000, Now = 12_000_000;
        engine.SubmitDecode(Engines.Request(3, 0, Prompt, 4), First, Link, Now);
        Engines.Drain(engine, log);
        var time = engine.Profile.StepTime;
        var arrives = Now + engine.Profile.IngressNs + 1_000_000 + PromptBlocks * 2_000;
        // Three tokens are left; the first of them reads 160 tokens and its own.
        var done = arrives + Enumerable.Range(Prompt + 1, 3).Sum(context => time.Picoseconds(new StepLoad { Decodes = 1, DecodeContext = context })) / 1000;
        Assert.AreEqual(done, log.FinishedNs[3]);
        Assert.AreEqual(3, log.GapCount[3]);
        Assert.AreEqual(done - First, log.GapSumNs[3], "The first gap begins with the token that the other engine made.");
        Assert.IsEmpty(log.FirstNs);
        Assert.AreEqual((arrives, PromptBlocks), log.Fetches[3]);
        Assert.AreEqual(0, engine.BlocksInUse);
    }

    [TestMethod]
    public void SubmitDecode_WhileItFetches_HoldsRoomAndOthersDecodeOn()
    {
        var (alone, loaded) = (New(), New());
        var (aloneLog, log) = (new EngineLog(), new EngineLog());
        foreach (var engine in (ContinuousEngine[])[alone, loaded]) engine.SubmitDecode(Engines.Request(0, 0, Prompt, 100), 0, new(0, 0), 0);
        loaded.SubmitDecode(Engines.Request(1, 0, Prompt, 100), 0, new(60_000_000_000, 0), 0);
        Engines.Drain(alone, aloneLog);
        while (!log.FinishedNs.ContainsKey(0)) loaded.Advance(loaded.NextNs, log);
        Assert.AreEqual(aloneLog.FinishedNs[0], log.FinishedNs[0], "Blocks under way take no time of the GPU.");
        Assert.AreEqual(PromptBlocks, loaded.BlocksInUse);
        Assert.AreEqual(1, loaded.Read(log.FinishedNs[0]).Waiting);
        Engines.Drain(loaded, log);
        Assert.IsGreaterThan(60_000_000_000, log.FinishedNs[1]);
    }

    [TestMethod]
    public void SubmitDecode_KnownPrefix_FetchesOnlyTheRest()
    {
        var (engine, log) = (New(), new EngineLog());
        engine.SubmitDecode(Engines.Request(0, 0, Prompt, 3, Engines.Prefix(1, PromptBlocks)), 0, Link, 0);
        Engines.Drain(engine, log);
        ulong[] other = [.. Engines.Prefix(1, 6), .. Engines.Prefix(2, 4)];
        engine.SubmitDecode(Engines.Request(1, 0, Prompt, 3, other), log.FinishedNs[0], Link, log.FinishedNs[0]);
        Engines.Drain(engine, log);
        Assert.AreEqual((PromptBlocks, 4), (log.Fetches[0].Blocks, log.Fetches[1].Blocks));
        Assert.AreEqual(0, engine.BlocksInUse);
    }

    [TestMethod]
    public void SubmitDecode_MoreThanFits_PreemptsRecomputesAndEnds()
    {
        var (engine, log) = (New(blocks: 40), new EngineLog());
        for (var i = 0; i < 20; i++) engine.SubmitDecode(Engines.Request(i, 0, Prompt, 200), 0, new(i % 3 * 40_000_000, 100_000), 0);
        Engines.Drain(engine, log);
        Assert.HasCount(20, log.FinishedNs);
        Assert.IsGreaterThan(0, log.Preemptions);
        foreach (var count in log.GapCount.Values) Assert.AreEqual(199, count);
        Assert.AreEqual(0, engine.BlocksInUse);
    }

    [TestMethod]
    public void Cancel_WhileItFetches_FreesTheRoomForWhoWaits()
    {
        var (engine, log) = (New(blocks: 15), new EngineLog());
        engine.SubmitDecode(Engines.Request(0, 0, Prompt, 9), 0, new(60_000_000_000, 0), 0);
        engine.SubmitDecode(Engines.Request(1, 0, Prompt, 9), 0, Link, 0);
        engine.Advance(engine.NextNs, log);
        Assert.IsTrue(engine.Cancel(0, 1_000_000_000));
        Engines.Drain(engine, log);
        Assert.IsInRange(1_000_000_000, 2_000_000_000, log.FinishedNs[1]);
        Assert.IsFalse(log.FinishedNs.ContainsKey(0));
    }

    [TestMethod]
    public void Crash_NamesWhatIsHeldAndWhatIsUnderWay()
    {
        var (engine, log) = (New(), new EngineLog());
        engine.SubmitPrefill(Engines.Request(0, 0, Prompt, 9), 0);
        Engines.Drain(engine, log);
        engine.SubmitDecode(Engines.Request(1, 0, Prompt, 9), 0, new(60_000_000_000, 0), log.FinishedNs[0]);
        engine.Advance(engine.NextNs, log);
        engine.SubmitPrefill(Engines.Request(2, 0, Prompt, 9), log.FinishedNs[0]);
        var lost = new List<int>();
        engine.Crash(log.FinishedNs[0] + 1, lost);
        CollectionAssert.AreEquivalent((int[])[0, 1, 2], lost);
        Assert.AreEqual(0, engine.BlocksInUse);
        Assert.AreEqual(long.MaxValue, engine.NextNs);
    }

    private static ContinuousEngine New(int blocks = 100) => new(Engines.Llama8BOnH100, new EngineSettings { KvBlocks = blocks });
}
