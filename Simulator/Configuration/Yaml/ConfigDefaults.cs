namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Defaults that depend on what was written.</summary>
internal static class ConfigDefaults
{
    /// <summary>Applies them.</summary>
    /// <param name="config">As bound.</param>
    /// <param name="given">Paths that were written.</param>
    /// <param name="baseFolder">See <see cref="SimConfigYaml.Read"/>.</param>
    public static SimConfig Apply(SimConfig config, Dictionary<string, (int Line, int Column)> given, string? baseFolder)
    {
        // The original knew one service model and no key for it: its files are known by their tokens_per_s.
        var tokenRate = config.Topology.GpuProfiles.Any(p => p.TokensPerS is not null) || config.Topology.Mig.Profiles.Any(p => p.TokensPerS is not null);
        if (tokenRate && !given.ContainsKey("service.model")) config = config with { Service = config.Service with { Model = ServiceModel.TokenRate } };
        // Who names other types only wants those.
        var others = given.ContainsKey("workload.mix.vision") || given.ContainsKey("workload.mix.asr");
        if (others && !given.ContainsKey("workload.mix.llm")) config = config with { Workload = config.Workload with { Mix = config.Workload.Mix with { Llm = 0 } } };
        return config with
        {
            Workload = config.Workload with { Arrival = config.Workload.Arrival with { File = ConfigFile.Absolute(config.Workload.Arrival.File, baseFolder) } },
            Network = config.Network with { RttMatrixFile = ConfigFile.Absolute(config.Network.RttMatrixFile, baseFolder) },
        };
    }
}
