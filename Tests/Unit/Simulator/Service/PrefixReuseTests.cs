using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

[TestClass]
public sealed class PrefixReuseTests
{
    [TestMethod]
    public void Submit_SamePromptAgain_ComputesOnlyTheLastBlock()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings());
        var log = new EngineLog();
        var prefix = Engines.Prefix(1, 64);
        Serve(engine, log, 0, 1024, prefix);
        Serve(engine, log, 1, 1024, prefix);
        Assert.AreEqual(63 * 16, engine.ReusedTokens, "the last token is always computed");
        Assert.AreEqual(0, engine.BlocksInUse);
        Assert.IsLessThan(log.FirstNs[0], log.FirstNs[1] - log.FinishedNs[0]);
    }

    [TestMethod]
    public void Submit_CacheTooSmallForBoth_RemovesTheTailOfTheOldestFirst()
    {
        var events = new Kept();
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { KvBlocks = 100, KvEvents = events });
        var log = new EngineLog();
        var (a, b) = (Engines.Prefix(1, 60), Engines.Prefix(2, 60));
        Serve(engine, log, 0, 960, a);
        Serve(engine, log, 1, 960, b);
        Assert.IsTrue(events.Blocks.Contains(a[0]));
        Assert.IsFalse(events.Blocks.Contains(a[^1]));
        Assert.IsTrue(b.All(events.Blocks.Contains));
        Assert.IsLessThanOrEqualTo(100, events.Blocks.Count);
    }

    [TestMethod]
    public void Crash_AfterRequests_RemovesEveryBlock()
    {
        var events = new Kept();
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { KvEvents = events });
        Serve(engine, new EngineLog(), 0, 960, Engines.Prefix(1, 60));
        engine.Crash(engine.NextNs, []);
        Assert.IsEmpty(events.Blocks);
    }

    [TestMethod]
    public void Submit_PrefixCacheOff_ReusesNothing()
    {
        var engine = new ContinuousEngine(Engines.Llama8BOnH100, new EngineSettings { PrefixCache = false });
        var log = new EngineLog();
        var prefix = Engines.Prefix(1, 64);
        Serve(engine, log, 0, 1024, prefix);
        Serve(engine, log, 1, 1024, prefix);
        Assert.AreEqual(0, engine.ReusedTokens);
    }

    private static void Serve(ContinuousEngine engine, EngineLog log, int id, int prompt, ulong[] prefix)
    {
        var atNs = log.FinishedNs.Count == 0 ? 0 : log.FinishedNs.Values.Max();
        engine.Submit(Engines.Request(id, atNs, prompt, 8, prefix), atNs);
        Engines.Drain(engine, log);
    }

    private sealed class Kept : IKvEvents
    {
        public HashSet<ulong> Blocks { get; } = [];

        public void Stored(ulong block) => Assert.IsTrue(Blocks.Add(block));

        public void Removed(ulong block) => Assert.IsTrue(Blocks.Remove(block));
    }
}
