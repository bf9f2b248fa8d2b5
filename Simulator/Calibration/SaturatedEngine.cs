using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>The steady state of an engine that always has someone waiting, without simulating it.</summary>
internal static class SaturatedEngine
{
    public static EngineCapability Capability(EngineProfile profile, double meanPrompt, double meanOutput)
    {
        var prompt = Math.Max(1, meanPrompt);
        var output = Math.Max(1, meanOutput);

        // A sequence holds, over its life, its prompt and on average half its output.
        var held = Math.Ceiling(prompt / BlockPool.BlockTokens) * BlockPool.BlockTokens + output / 2;
        var fit = Math.Max(1, profile.KvBlocks * (double)BlockPool.BlockTokens / held);
        var concurrency = Math.Min(profile.MaxSequences, fit);

        // In steady state each of n sequences is replaced every (output) steps: a step carries n decodes and n / output prompts.
        var prompts = concurrency / (output + prompt / profile.MaxBatchedTokens);
        var decodes = concurrency - prompts;
        if (prompts * prompt + decodes > profile.MaxBatchedTokens)
        {
            // The token budget binds: it is shared by prompts and outputs in the proportion of the lengths.
            prompts = profile.MaxBatchedTokens / (prompt + output);
            decodes = Math.Min(decodes, prompts * output);
        }

        var seconds = Seconds(profile, prompts, prompt, decodes, prompt + output / 2);
        var rate = prompts / seconds;
        return new EngineCapability(
            concurrency,
            profile.MaxBatchedTokens / Seconds(profile, Math.Max(1, profile.MaxBatchedTokens / prompt), Math.Min(prompt, profile.MaxBatchedTokens), 0, 0),
            concurrency / Seconds(profile, 0, 0, concurrency, prompt + output / 2),
            Seconds(profile, 0, 0, 1, prompt + output / 2),
            rate,
            profile.PricePerHour);
    }

    private static double Seconds(EngineProfile profile, double prompts, double prompt, double decodes, double context)
    {
        var whole = prompts * prompt;
        var load = new StepLoad
        {
            PrefillTokens = (int)Math.Round(whole),
            Prefills = (int)Math.Round(prompts),
            PrefillSquares = (long)(whole * prompt),
            Decodes = (int)Math.Round(decodes),
            DecodeContext = (long)(decodes * context),
        };
        return profile.StepTime.Picoseconds(load) * 1e-12;
    }
}
