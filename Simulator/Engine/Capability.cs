using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine;

/// <summary>What a GPU can do at best for one kind of request, from its profile: what a runtime tells the mesh, and what a load is measured by.</summary>
/// <param name="MaxConcurrency">Sequences that fit the batch and the KV cache.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens per second.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens per second of a full batch.</param>
/// <param name="MinSecondsPerToken">Seconds per output token of a lone sequence.</param>
/// <param name="RequestsPerSecond">Requests per second with a full batch.</param>
public sealed record Capability(double MaxConcurrency, double PrefillTokensPerSecond, double DecodeTokensPerSecond, double MinSecondsPerToken, double RequestsPerSecond)
{
    /// <summary>Capability for requests of a mean length.</summary>
    public static Capability Of(GpuProfile profile, double meanPromptTokens, double meanOutputTokens)
    {
        // A sequence holds room for its whole length from the start, and on average half of its output.
        var slots = Math.Clamp(Math.Floor(profile.KvCapacityTokens / (meanPromptTokens + meanOutputTokens)), 1, profile.MaxConcurrentSequences);
        var context = meanPromptTokens + meanOutputTokens / 2;
        var full = Step(slots);
        var gpuSeconds = meanPromptTokens / profile.PrefillTokensPerSecond + meanOutputTokens * full / slots;
        return new(slots, profile.PrefillTokensPerSecond, slots / full, Step(1), 1 / gpuSeconds);

        double Step(double n) => profile.StepBaseSeconds + n * (profile.StepPerSequenceSeconds + context * profile.StepPerKvTokenSeconds);
    }
}
