using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Metrics;

/// <summary>
/// Whether an answer met its goals. Without classes the default holds: first token within 2 s, and the whole answer within the original's limit of 5 s (language), 2 s (vision)
/// or 3 s (speech), times one more for each 1,000 tokens beyond the first.
/// </summary>
internal sealed class SloGoals(IReadOnlyList<SloClassConfig> classes)
{
    private const double DefaultTtftNs = 2e9;

    /// <summary>Goal for the whole request in nanoseconds where no class says one.</summary>
    public static double DefaultE2eNs(in SimRequest request)
    {
        var seconds = request.Type switch { RequestType.Vision => 2.0, RequestType.Asr => 3.0, _ => 5.0 };
        return seconds * 1e9 * Math.Max(1, ((double)request.PromptTokens + request.OutputTokens) / 1000);
    }

    /// <summary>Goal for the first token, else for the whole, nanoseconds: what a hedge's delay is a share of.</summary>
    public double HedgeBaseNs(in SimRequest request)
    {
        if (request.SloClass < 0) return DefaultE2eNs(request);
        var c = classes[request.SloClass];
        return (c.TtftS ?? c.E2eS) * 1e9 ?? DefaultE2eNs(request);
    }

    public bool Met(in SimRequest request, in Measured m)
    {
        if (request.SloClass < 0) return m.TtftNs <= DefaultTtftNs && m.E2eNs <= DefaultE2eNs(request);
        var c = classes[request.SloClass];
        return !(m.TtftNs > c.TtftS * 1e9) && !(m.TpotNs > c.TpotS * 1e9) && !(m.E2eNs > c.E2eS * 1e9);
    }
}
