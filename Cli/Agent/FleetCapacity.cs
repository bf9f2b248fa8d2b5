using InferMesh.Adapters.Probing;
using InferMesh.Simulator.World;

namespace InferMesh.Cli.Agent;

/// <summary>What a synthetic runtime can do at best, from the profile that drives it.</summary>
internal static class FleetCapacity
{
    /// <summary>Context of a typical chat sequence, in tokens: prompts of about a thousand tokens dominate.</summary>
    private const double ContextTokens = 1024;

    /// <param name="profile">Profile of the GPU.</param>
    /// <param name="timeScale">Factor on every duration.</param>
    public static RuntimeCapacity Of(GpuProfile profile, double timeScale)
    {
        // A small GPU runs out of KV cache before it runs out of slots.
        var sequences = Math.Max(1, Math.Min(profile.MaxConcurrentSequences, Math.Floor(profile.KvCapacityTokens / ContextTokens)));
        return new RuntimeCapacity
        {
            MaxConcurrency = sequences,
            PrefillTokensPerSecond = profile.PrefillTokensPerSecond / timeScale,
            DecodeTokensPerSecond = sequences / (StepSeconds(profile, sequences) * timeScale),
            MinSecondsPerToken = StepSeconds(profile, 1) * timeScale,
        };
    }

    private static double StepSeconds(GpuProfile profile, double sequences) =>
        profile.StepBaseSeconds + (sequences * (profile.StepPerSequenceSeconds + (ContextTokens * profile.StepPerKvTokenSeconds)));
}
