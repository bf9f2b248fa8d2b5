using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>What an engine gives when someone always waits: measured by running one, because it takes milliseconds and no formula meets a full cache.</summary>
internal static class SaturatedEngine
{
    public static EngineCapability Capability(EngineProfile profile, double meanPrompt, double meanOutput)
    {
        var prompt = Math.Max(1, (int)Math.Round(meanPrompt));
        var output = Math.Max(1, (int)Math.Round(meanOutput));

        // A sequence holds, over its life, its prompt and on average half its output.
        var fit = profile.KvBlocks * (double)BlockPool.BlockTokens / (prompt + output / 2.0);
        var concurrency = Math.Max(1, Math.Min(profile.MaxSequences, fit));
        var chunk = Math.Min(prompt, profile.MaxBatchedTokens);
        var prefill = new StepLoad { Prefills = 1, PrefillTokens = chunk, PrefillSquares = (long)chunk * chunk };
        return new EngineCapability(
            concurrency,
            chunk / Seconds(profile, prefill),
            (int)concurrency / Seconds(profile, Decode((int)concurrency, prompt + output / 2)),
            Seconds(profile, Decode(1, prompt + output / 2)),
            RequestsPerSecond(profile, prompt, output, (int)Math.Ceiling(concurrency)),
            profile.PricePerHour);
    }

    // An engine that takes a prompt in by so many steps spends its time there: nothing that a run would add.
    private const int MostSteps = 200_000;

    private static double RequestsPerSecond(EngineProfile profile, int prompt, int output, int concurrency)
    {
        var engine = new ContinuousEngine(profile, new EngineSettings { PrefixCache = false });
        var count = 8 * concurrency + 64;
        if ((long)count * (prompt / profile.MaxBatchedTokens) > MostSteps)
        {
            var chunk = new StepLoad { Prefills = 1, PrefillTokens = profile.MaxBatchedTokens, PrefillHistory = (long)profile.MaxBatchedTokens * prompt / 2 };
            return 1 / ((double)prompt / profile.MaxBatchedTokens * Seconds(profile, chunk) + output * Seconds(profile, Decode(concurrency, prompt + output / 2)) / concurrency);
        }
        for (var i = 0; i < count; i++)
        {
            // Outputs of half to one and a half the mean, in a fixed order that mixes them: equal ones would start and end together.
            var share = 0.5 + i * 0.618_033_988_749_895 % 1;
            engine.Submit(new SimRequest(i, 0, RequestType.Llm, prompt, Math.Max(1, (int)Math.Round(output * share)), 0, -1, 0, -1, default), 0);
        }

        var ends = new Ends();
        while (engine.NextNs < long.MaxValue)
            engine.Advance(engine.NextNs, ends);
        var (from, to) = (ends.Ns.Count / 4, ends.Ns.Count * 3 / 4);
        return to > from ? (to - from) / ((ends.Ns[to] - ends.Ns[from]) * 1e-9) : 0;
    }

    private static StepLoad Decode(int sequences, int context) => new() { Decodes = sequences, DecodeContext = (long)sequences * context };

    private static double Seconds(EngineProfile profile, in StepLoad load) => profile.StepTime.Picoseconds(load) * 1e-12;

    private sealed class Ends : IEngineEvents
    {
        public List<long> Ns { get; } = [];

        public void Started(int request, long atNs)
        {
        }

        public void FirstToken(int request, long atNs)
        {
        }

        public void Gaps(int request, long gapNs, int count)
        {
        }

        public void Finished(int request, long atNs) => Ns.Add(atNs);

        public void Preempted(int request, long atNs)
        {
        }
    }
}
