using CsCheck;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Service;

/// <summary>Many steps in one event must be indistinguishable from one step at a time.</summary>
[TestClass]
public sealed class RunLengthTests
{
    private static readonly Gen<(long GapNs, int Prompt, int Output, int Cancel)[]> Load =
        Gen.Select(Gen.Long[0, 300_000_000], Gen.Int[1, 900], Gen.Int[1, 300], Gen.Int[-6, 3]).Array[1, 40];

    [TestMethod]
    public void Advance_AnyLoad_GivesTheSameEventsAsOneStepAtATime() =>
        Gen.Select(Load, Gen.Int[16, 600], Gen.Int[1, 12], Gen.Int[80, 400]).Sample(
            (load, tokens, sequences, blocks) => Same(load, tokens, sequences, blocks), iter: 150);

    private static void Same((long GapNs, int Prompt, int Output, int Cancel)[] load, int tokens, int sequences, int blocks)
    {
        var profile = Engines.Llama8BOnH100 with { IngressNs = 0 };
        var engine = new ContinuousEngine(profile, new EngineSettings { MaxBatchedTokens = tokens, MaxSequences = sequences, KvBlocks = blocks });
        var plain = new StepByStepEngine(profile.StepTime, tokens, sequences, blocks);
        var (ours, theirs) = (new EngineLog(), new EngineLog());
        var nowNs = 0L;
        for (var i = 0; i < load.Length; i++)
        {
            nowNs += load[i].GapNs;
            while (engine.NextNs < nowNs) engine.Advance(engine.NextNs, ours);
            while (plain.NextNs < nowNs) plain.Advance(plain.NextNs, theirs);
            Reading(engine, plain, nowNs);
            var request = Engines.Request(i, nowNs, load[i].Prompt, load[i].Output);
            if (engine.Submit(request, nowNs)) plain.Submit(request, nowNs);
            if (load[i].Cancel > 0)
                Assert.AreEqual(plain.Cancel(i - load[i].Cancel), engine.Cancel(i - load[i].Cancel, nowNs));
        }

        while (engine.NextNs < long.MaxValue) engine.Advance(engine.NextNs, ours);
        while (plain.NextNs < long.MaxValue) plain.Advance(plain.NextNs, theirs);
        CollectionAssert.AreEqual(theirs.Lines, ours.Lines);
        Assert.AreEqual(0, engine.BlocksInUse);
    }

    private static void Reading(ContinuousEngine engine, StepByStepEngine plain, long nowNs)
    {
        // At the very end of a step both answers are right: the event is due, and either comes first.
        if (engine.NextNs == nowNs || plain.NextNs == nowNs) return;
        var reading = engine.Read(nowNs);
        Assert.AreEqual(plain.Running, reading.Running);
        Assert.AreEqual(plain.Waiting, reading.Waiting);
        Assert.AreEqual(plain.Usage, reading.KvCacheUsage, 1e-12);
    }
}
