using InferMesh.Simulator.Configuration.Validation;

namespace InferMesh.Simulator.Configuration;

/// <summary>Checks what must hold of a configuration, wherever it comes from.</summary>
public static class SimConfigValidator
{
    /// <summary>All that is wrong, without positions; an empty list means that the configuration runs.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="others">Strategies that it may name beside the catalogue; null for none.</param>
    public static IReadOnlyList<ConfigError> Check(SimConfig config, IStrategySource? others = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var findings = new Findings();
        RangeChecks.Check(config, findings);
        WorkloadChecks.Check(config, findings);
        WorldChecks.Check(config, findings);
        StrategyChecks.Check(config, others, findings);
        return findings.Errors;
    }
}
