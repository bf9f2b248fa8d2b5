using CsCheck;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

[TestClass]
public sealed class TokenRateEngineTests
{
    private static readonly TokenRateProfile Gpu = new(1000, 2, 8_000_000, 64e9, 1e9);

    [TestMethod]
    public void Advance_LoneRequest_WaitsForItsWindowThenRunsAtTheFullRate()
    {
        var log = Run(Gpu, [(0, 100, 400)]);
        Assert.AreEqual((8_000_000L, 108_000_000L, 508_000_000L), (log.Started[0], log.First[0], log.Finished[0]));
    }

    [TestMethod]
    public void Advance_RequestsWithinTheWindow_ShareABatch()
    {
        var log = Run(Gpu, [(0, 100, 400), (5_000_000, 100, 400)]);
        Assert.AreEqual((log.Finished[0], 1_008_000_000L), (log.Finished[1], log.Finished[0]));
    }

    [TestMethod]
    public void Advance_TwoBatches_ShareTheRate()
    {
        // The second starts after 20 + 8 ms, when the first has done 20 of its 500 tokens; from then on each gets half.
        var log = Run(Gpu, [(0, 100, 400), (20_000_000, 100, 400)]);
        Assert.AreEqual(0.988, log.Finished[0] / 1e9, 1e-6);
        Assert.AreEqual(1.008, log.Finished[1] / 1e9, 1e-6);
    }

    [TestMethod]
    public void Advance_FullBatch_DoesNotWait() =>
        Assert.AreEqual(1_000L, Run(Gpu, [.. Enumerable.Range(0, 16).Select(_ => (1_000L, 10, 10))]).Started[15]);

    [TestMethod]
    public void Advance_NoPlaceLeft_WaitsForABatchToEnd()
    {
        var log = Run(Gpu, [(0, 10, 90), (10_000_000, 10, 90), (20_000_000, 10, 90)]);
        Assert.AreEqual(Math.Min(log.Finished[0], log.Finished[1]), log.Started[2]);
    }

    [TestMethod]
    public void Submit_MoreThanTheMemory_IsRefused() => Assert.IsFalse(new TokenRateEngine(Gpu with { KvBytes = 0.1e9 }).Submit(Request(0, 0, 1, 1), 0));

    [TestMethod]
    public void Cancel_WaitingAndRunning_AreNeverAnswered()
    {
        var engine = new TokenRateEngine(Gpu);
        var log = new Log(2);
        engine.Submit(Request(0, 0, 10, 10), 0);
        Assert.IsTrue(engine.Cancel(0, 1));
        Assert.AreEqual((long.MaxValue, false), (engine.NextNs, engine.Cancel(0, 2)));
        engine.Submit(Request(1, 0, 10, 10), 5);
        engine.Advance(engine.NextNs, log);
        Assert.IsTrue(engine.Cancel(1, engine.NextNs));
        while (engine.NextNs < long.MaxValue) engine.Advance(engine.NextNs, log);
        Assert.AreEqual((0L, 0L), (log.Finished[1], engine.BlocksInUse));
    }

    [TestMethod]
    public void Advance_AnyWorkload_AnswersAllInOrderOfCausality() =>
        Gen.Select(Gen.Select(Gen.Long[0, 2_000_000_000], Gen.Int[1, 500], Gen.Int[1, 500]).Array[1, 80], Gen.Int[1, 4], Gen.Int[4, 40]).Sample(static (arrivals, places, gb) =>
        {
            var sorted = arrivals.OrderBy(a => a.Item1).ToArray();
            var gpu = Gpu with { Concurrency = places, KvBytes = gb * 1e9 };
            var log = Run(gpu, sorted);
            for (var i = 0; i < sorted.Length; i++)
            {
                Assert.IsTrue(sorted[i].Item1 <= log.Started[i] && log.Started[i] <= log.First[i] && log.First[i] <= log.Finished[i], $"request {i}");
                Assert.AreEqual(sorted[i].Item3 - 1, log.GapsOf[i]);
            }
            // Work is conserved: the GPU is never busy for less than its work takes, and never idle while it works.
            Assert.AreEqual(sorted.Sum(a => a.Item2 + a.Item3) / gpu.TokensPerSecond, log.BusySeconds, 1e-5);
        });

    private static Log Run(TokenRateProfile gpu, (long AtNs, int Prompt, int Output)[] arrivals)
    {
        var engine = new TokenRateEngine(gpu);
        var log = new Log(arrivals.Length);
        var now = 0L;
        for (var i = 0; i <= arrivals.Length; i++)
        {
            var until = i < arrivals.Length ? arrivals[i].AtNs : long.MaxValue;
            while (engine.NextNs <= until && engine.NextNs < long.MaxValue) engine.Advance(now = engine.NextNs, log);
            if (i < arrivals.Length) Assert.IsTrue(engine.Submit(Request(i, until, arrivals[i].Prompt, arrivals[i].Output), until));
        }
        Assert.AreEqual((0, 0, 0.0, 0L), (engine.Read(now).Running, engine.Read(now).Waiting, engine.Read(now).KvCacheUsage, engine.BlocksInUse));
        log.BusySeconds = engine.BusySeconds(now);
        return log;
    }

    private static SimRequest Request(int id, long atNs, int prompt, int output) => new(id, atNs, RequestType.Llm, prompt, output, 0, -1, 0, -1, default);

    private sealed class Log(int requests) : IEngineEvents
    {
        public long[] Started { get; } = new long[requests];

        public long[] First { get; } = new long[requests];

        public long[] Finished { get; } = new long[requests];

        public int[] GapsOf { get; } = new int[requests];

        public double BusySeconds { get; set; }

        void IEngineEvents.Started(int request, long atNs) => Started[request] = atNs;

        public void FirstToken(int request, long atNs) => First[request] = atNs;

        public void Gaps(int request, long gapNs, int count) => GapsOf[request] += count;

        void IEngineEvents.Finished(int request, long atNs) => Finished[request] = atNs;

        public void Preempted(int request, long atNs) => Assert.Fail("This model never preempts.");
    }
}
