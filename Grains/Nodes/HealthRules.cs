using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Nodes;

/// <summary>The rules by which nodes are judged, as they are configured now.</summary>
internal sealed class HealthRules(IOptionsMonitor<HealthSettings> silence, IOptionsMonitor<FaultSettings> faults)
{
    /// <summary>Limits of silence.</summary>
    public HealthSettings Silence => silence.CurrentValue;

    /// <summary>What counts as a fault.</summary>
    public FaultSettings Faults => faults.CurrentValue;
}
