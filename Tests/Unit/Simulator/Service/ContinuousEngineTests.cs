using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

[TestClass, DoNotParallelize]
public sealed class ContinuousEngineTests
{
    [TestMethod]
    public void Advance_Overload_ConservesTokensAndFreesEveryBlock()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { KvBlocks = 700, MaxSequences = 32 });
        var log = new EngineLog();
        for (var i = 0; i < 200; i++)
            Assert.IsTrue(engine.Submit(Engines.Request(i, 0, 50 + 13 * i % 700, 1 + 29 * i % 400), 0));
        Engines.Drain(engine, log);
        Assert.HasCount(200, log.FinishedNs);
        Assert.IsGreaterThan(0, log.Preemptions, "the cache is too small for all");
        for (var i = 0; i < 200; i++)
        {
            Assert.AreEqual(29 * i % 400, log.GapCount.GetValueOrDefault(i), "one gap per token after the first");
            Assert.AreEqual(log.FinishedNs[i] - log.FirstNs[i], log.GapSumNs.GetValueOrDefault(i));
            Assert.IsGreaterThan(0L, log.FirstNs[i]);
        }

        Assert.AreEqual(0, engine.BlocksInUse);
        Assert.AreEqual(long.MaxValue, engine.NextNs);
    }

    [TestMethod]
    public void Advance_ManyWaiting_StartInOrderOfArrival()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { MaxSequences = 4 });
        var log = new EngineLog();
        for (var i = 0; i < 50; i++) engine.Submit(Engines.Request(i, 0, 100 + i, 20), 0);
        Engines.Drain(engine, log);
        CollectionAssert.AreEqual(Enumerable.Range(0, 50).ToList(), log.StartOrder);
    }

    [TestMethod]
    public void Submit_MoreThanTheWholeCache_IsRefused() =>
        Assert.IsFalse(new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { KvBlocks = 10 }).Submit(Engines.Request(0, 0, 150, 12), 0));

    [TestMethod]
    public void Submit_ExactlyTheWholeCache_IsServed()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { KvBlocks = 10 });
        var log = new EngineLog();
        Assert.IsTrue(engine.Submit(Engines.Request(0, 0, 150, 11), 0));
        Engines.Drain(engine, log);
        Assert.HasCount(1, log.FinishedNs);
    }

    [TestMethod]
    public void Advance_LongPrompt_IsPrefilledInChunksAndAnswersAtTheLast()
    {
        var profile = Engines.Llama8BOnH100;
        var whole = new ContinuousEngine(profile, new EngineSettings());
        var chunked = new ContinuousEngine(profile, new EngineSettings { MaxBatchedTokens = 512 });
        var (one, many) = (new EngineLog(), new EngineLog());
        whole.Submit(Engines.Request(0, 0, 4096, 1), 0);
        chunked.Submit(Engines.Request(0, 0, 4096, 1), 0);
        Engines.Drain(whole, one);
        Engines.Drain(chunked, many);
        Assert.AreEqual(1, whole.Steps);
        Assert.AreEqual(8, chunked.Steps);
        Assert.IsGreaterThan(one.FirstNs[0], many.FirstNs[0]);
    }

    [TestMethod]
    public void Submit_WithIngress_StartsAfterIt()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100 with { IngressNs = 15_000_000 }, new EngineSettings());
        var log = new EngineLog();
        engine.Submit(Engines.Request(0, 1000, 100, 5), 1000);
        Assert.AreEqual(15_001_000, engine.NextNs);
        engine.Advance(engine.NextNs, log);
        Assert.AreEqual("15001000 started 0", log.Lines[0]);
    }

    [TestMethod]
    public void Crash_WithWorkInFlight_NamesWhatIsLostAndServesAgain()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { MaxSequences = 2 });
        var log = new EngineLog();
        for (var i = 0; i < 5; i++) engine.Submit(Engines.Request(i, 0, 100, 50, Engines.Prefix((ulong)i, 6)), 0);
        engine.Advance(0, log);
        var lost = new List<int>();
        engine.Crash(1_000_000, lost);
        CollectionAssert.AreEquivalent(new[] { 0, 1, 2, 3, 4 }, lost);
        Assert.AreEqual(0, engine.BlocksInUse);
        Assert.AreEqual(0.001, engine.BusySeconds(2_000_000), 1e-12);
        Assert.IsTrue(engine.Submit(Engines.Request(9, 2_000_000, 100, 5), 2_000_000));
        Engines.Drain(engine, log);
        Assert.IsTrue(log.FinishedNs.ContainsKey(9));
    }

    [TestMethod]
    public void Advance_SteadyState_AllocatesNothing()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings());
        var counter = new NoEvents();
        Run(engine, counter, 0, 300);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(engine, counter, 300, 300);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Run(ContinuousEngine engine, NoEvents events, int from, int count)
        {
            for (var i = from; i < from + count; i++)
            {
                var atNs = i * 20_000_000L;
                while (engine.NextNs < atNs) engine.Advance(engine.NextNs, events);
                engine.Submit(Engines.Request(i, atNs, 300, 100), atNs);
            }

            while (engine.NextNs < long.MaxValue) engine.Advance(engine.NextNs, events);
        }
    }

    private sealed class NoEvents : IEngineEvents
    {
        public void Started(int request, long atNs)
        {
        }

        public void FirstToken(int request, long atNs)
        {
        }

        public void Gaps(int request, long gapNs, int count)
        {
        }

        public void Finished(int request, long atNs)
        {
        }

        public void Preempted(int request, long atNs)
        {
        }
    }
}
