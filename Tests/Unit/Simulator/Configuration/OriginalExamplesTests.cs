using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Simulator.Configuration;

/// <summary>The configurations on the original's front page, as written there.</summary>
[TestClass]
public sealed class OriginalExamplesTests
{
    private const string Small = """
        seed: 42
        duration_s: 300
        workload:
          arrival: { type: poisson, rps: 800 }
          mix: { llm: 1.0, vision: 0.0, asr: 0.0 }
        topology:
          cells: 4
          nodes_per_cell: 128
          gpu_profiles:
            - name: H100-80G
              tokens_per_s: 240000
              concurrency: 16
              vram_total_gb: 80
        strategies: [baseline_rr, heuristic, mesh, mesh_hedge]
        """;

    private const string Large = """
        workload:
          arrival:
            type: mmpp  # Markov-Modulated Poisson Process
            states: 3
            rates_rps: [200, 800, 1500]  # Low/medium/high traffic
            dwell_s: [30, 30, 10]        # Time in each state
          mix: { llm: 0.7, vision: 0.2, asr: 0.1 }
        topology:
          cells: 128
          nodes_per_cell: 1024
          mig:
            enable: true
            profiles:
              - { name: "1g.10gb", fraction: 0.125, tokens_per_s: 30000 }
              - { name: "3g.40gb", fraction: 0.5, tokens_per_s: 120000 }
        """;

    private const string Snippets = """
        signals:
          queue_depth_ms: { min: 50, max: 100 }
          vram_ms: { min: 200, max: 500 }
          transport_ms:
            intra_cell: [5, 50]    # Local signal propagation
            inter_cell: [50, 300]  # Cross-region delays
        tenants:
          skew: { type: zipf, s: 1.1 }  # Hot tenants get more traffic
          count: 1000
        network:
          inter_cell_coords: { dim: 3, base_rtt_ms: 20, noise: 0.1 }
          bw_mbps: { intra_cell: 100000, inter_region: 5000 }
        """;

    private const string Generated = """
        seed: 42
        duration_s: 600.0
        strategies: [baseline_rr, heuristic, mesh]
        workload:
          duration_s: 600.0
          arrival: { type: poisson, rps: 800.0 }
          mix: { llm: 0.7, vision: 0.2, asr: 0.1 }
          llm:
            in_tokens: { dist: lognormal, mu: 3.8, sigma: 0.6 }
            out_tokens: { dist: poisson, lambda: 120 }
          vision:
            image_size: { dist: discrete, sizes: [[50176, 0.25], [1048576, 0.75]] }
            processing_complexity: { dist: uniform, min: 0.5, max: 2 }
          asr:
            audio_duration_s: { dist: uniform, min_s: 1, max_s: 30 }
            sample_rate: 16000
          tenants: { skew: { type: uniform }, count: 100 }
        topology:
          cells: 16
          nodes_per_cell: 256
          gpu_profiles:
            - { name: H100-80G, tokens_per_s: 240000, concurrency: 16, vram_total_gb: 80.0, batch_window_ms: 8, kv_cache_gb_per_req: 1.0 }
          mig: { enable: false, profiles: [{ name: 1g.10gb, fraction: 0.125, tokens_per_s: 30000, concurrency: 2 }] }
        network:
          intra_cell_rtt_ms: { dist: normal, mean: 0.5, std: 0.1 }
          inter_cell_coords: { dim: 3, base_rtt_ms: 20.0, noise: 0.1 }
          bw_mbps: { intra_cell: 100000, inter_region: 5000 }
        signals:
          queue_depth_ms: { min: 50, max: 100 }
          vram_ms: { min: 200, max: 500 }
          p95_ms: { min: 1000, max: 2000 }
          transport_ms: { intra_cell: [5, 50], inter_cell: [50, 300] }
        """;

    [TestMethod]
    public void Read_SmallExample_IsTakenAsWritten()
    {
        var config = Read(Small);

        Assert.AreEqual(42UL, config.Seed);
        Assert.AreEqual(800, config.Workload.Arrival.Rps);
        Assert.AreEqual((4, 128), (config.Topology.Cells, config.Topology.NodesPerCell));
        Assert.AreEqual(240_000, config.Topology.GpuProfiles[0].TokensPerS);
        Assert.AreEqual("baseline_rr heuristic mesh mesh_hedge", string.Join(' ', config.Strategies.Select(s => s.Name)));
        Assert.AreEqual(ServiceModel.TokenRate, config.Service.Model, "tokens_per_s without a service model means the original's");
    }

    [TestMethod]
    public void Read_LargeExample_TakesDefaultsForWhatIsMissing()
    {
        var config = Read(Large);

        Assert.AreEqual(ArrivalType.Mmpp, config.Workload.Arrival.Type);
        Assert.AreSequenceEqual([200.0, 800, 1500], config.Workload.Arrival.RatesRps);
        Assert.AreEqual(new MixConfig(0.7, 0.2, 0.1), config.Workload.Mix);
        Assert.AreEqual(new MigProfileConfig("3g.40gb", 0.5, 120_000), config.Topology.Mig.Profiles[1]);
        Assert.AreEqual(new SimConfig().Seed, config.Seed);
        Assert.AreEqual(ServiceModel.TokenRate, config.Service.Model);
    }

    [TestMethod]
    public void Read_Snippets_StandAtTheTop()
    {
        var config = Read(Snippets);

        Assert.AreEqual(new RangeMs(50, 300), config.Signals.TransportMs.InterCell);
        Assert.AreEqual((1000, 1.1), (config.Workload.Tenants.Count, config.Workload.Tenants.ZipfS));
        Assert.AreEqual(new CellCoordinatesConfig(3, 20, 0.1), config.Network.InterCellCoords);
        Assert.AreEqual(ServiceModel.ContinuousBatching, config.Service.Model);
    }

    [TestMethod]
    public void Read_GeneratedFile_KeepsEveryKey()
    {
        var config = Read(Generated);

        Assert.AreEqual(new DistConfig { Dist = DistKind.Poisson, Lambda = 120 }, config.Workload.Llm.OutTokens);
        Assert.AreSequenceEqual([(50_176.0, 0.25), (1_048_576, 0.75)], config.Workload.Vision.ImageSize.Cases);
        Assert.AreEqual(new DistConfig { Dist = DistKind.Uniform, Min = 1, Max = 30 }, config.Workload.Asr.AudioDurationS);
        Assert.AreEqual(0, config.Workload.Tenants.ZipfS);
        Assert.AreEqual(new RangeMs(1000, 2000), config.Signals.P95Ms);
    }

    private static SimConfig Read(string yaml)
    {
        var result = SimConfigYaml.Read(yaml);
        Assert.IsEmpty(result.Errors, string.Join('\n', result.Errors));
        return result.Config!;
    }
}
