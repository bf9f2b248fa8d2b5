using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Simulator.Configuration;

[TestClass]
public sealed class SimConfigYamlTests
{
    [TestMethod]
    [DataRow("", "1:1 the file is empty")]
    [DataRow("- 1", "1:1 must hold keys")]
    [DataRow("seed: [1", "not readable as YAML")]
    [DataRow("seed: 1\n---\nseed: 2", "2:1 a second document")]
    [DataRow("seed: 1\nseed: 2", "2:1 seed: 'seed' stands here a second time")]
    [DataRow("sede: 1", "1:1 sede: is not known; did you mean 'seed'?")]
    [DataRow("workload:\n  arival: {}", "2:3 workload.arival: is not known; did you mean 'arrival'?")]
    [DataRow("foo: 1", "1:1 foo: is not known; there are seed, duration_s")]
    [DataRow("seed: -1", "1:7 seed: '-1' is no such value; it must be a whole number")]
    [DataRow("seed: \"1\"", "is text in quotes; it must be a whole number")]
    [DataRow("duration_s: .nan", "1:13 duration_s: '.nan' is no such value; it must be a number")]
    [DataRow("duration_s: 0", "1:1 duration_s: is 0; it must be more than 0")]
    [DataRow("topology:\n  cells: 1.5", "2:10 topology.cells: '1.5' is no such value; it must be a whole number")]
    [DataRow("topology:\n  cells: 0", "2:3 topology.cells: is 0; it must be 1 to 65,536")]
    [DataRow("topology: 5", "1:11 topology: must hold keys: cells")]
    [DataRow("topology: { gpu_profiles: [] }", "1:13 topology.gpu_profiles: must name at least one")]
    [DataRow("topology: { gpu_profiles: [{ share: 1 }] }", "topology.gpu_profiles[0].name: is missing")]
    [DataRow("topology: { gpu_profiles: [{ name: H100-80G }, { name: Z80 }] }", "1:50 topology.gpu_profiles[1].name: 'Z80' has no calibrated profile")]
    [DataRow("topology: { mig: { enable: true } }", "topology.mig.profiles: must name at least one slice")]
    [DataRow("topology: { mig: { profiles: [{ name: a, fraction: 0.6 }, { name: b, fraction: 0.6 }] } }", "the fractions sum to 1.2")]
    [DataRow("topology: { mig: { enable: yes } }", "'yes' is no such value; it must be true or false")]
    [DataRow("workload: { mix: { llm: 0.5, vision: 0.2 } }", "1:13 workload.mix: the shares sum to 0.7; they must sum to 1")]
    [DataRow("workload: { arrival: { type: poison } }", "1:30 workload.arrival.type: 'poison' is not known; it must be one of poisson, mmpp, gamma, weibull, constant, clients, closed_loop, trace (did you mean 'poisson'?)")]
    [DataRow("workload: { arrival: { type: poisson, rates_rps: [1] } }", "1:39 workload.arrival.rates_rps: does not go with type poisson, which takes rps, rho")]
    [DataRow("workload: { arrival: { type: mmpp, rates_rps: [1, 2] } }", "workload.arrival.dwell_s: is missing: type mmpp needs it")]
    [DataRow("workload: { arrival: { type: mmpp, rates_rps: [1, 2], dwell_s: [1] } }", "workload.arrival.dwell_s: has 1 entries; rates_rps has 2")]
    [DataRow("workload: { arrival: { type: mmpp, states: 3, rates_rps: [1, 2], dwell_s: [1, 1] } }", "workload.arrival.states: is 3, but rates_rps has 2")]
    [DataRow("workload: { arrival: { type: mmpp, rates_rps: [1, -2], dwell_s: [1, 1] } }", "1:51 workload.arrival.rates_rps[1]: is -2; it must be 0 to")]
    [DataRow("workload: { arrival: { type: trace, format: azure } }", "workload.arrival.file: is missing")]
    [DataRow("workload: { arrival: { type: trace, format: azure, file: /nowhere.csv } }", "'/nowhere.csv' is no file that can be read")]
    [DataRow("workload: { arrival: { type: trace, format: azure, file: \"${NOT_SET_ANYWHERE}/x\" } }", "environment variable that is not set")]
    [DataRow("workload: { llm: { in_tokens: { dist: lognormal, mu: 3 } } }", "workload.llm.in_tokens.sigma: is missing: dist lognormal needs it")]
    [DataRow("workload: { llm: { in_tokens: { dist: uniform, min: 3, max: 2 } } }", "1:56 workload.llm.in_tokens.max: is 2; it must not be below min 3")]
    [DataRow("workload: { llm: { in_tokens: { dist: uniform, min_pixels: 3, max: 5 } } }", "workload.llm.in_tokens.min_pixels: is not known")]
    [DataRow("workload: { vision: { image_size: { dist: uniform, min_pixels: 3, min: 3, max: 5 } } }", "is given twice")]
    [DataRow("workload: { vision: { image_size: { dist: discrete, sizes: [[5, 0.4]] } } }", "the probabilities sum to 0.4")]
    [DataRow("workload: { vision: { image_size: { dist: discrete, sizes: [[5]] } } }", "must be two numbers")]
    [DataRow("workload: { tenants: { count: 2 } }\ntenants: { count: 3 }", "2:1 tenants: stands here and under workload; keep one")]
    [DataRow("workload: { sessions: { groups: 2 }, mix: { llm: 0, vision: 1 } }", "workload.sessions: needs workload.mix with llm 1")]
    [DataRow("workload: { arrival: { type: closed_loop, rho: 0.5 } }", "does not go with type closed_loop")]
    [DataRow("workload: { duration_s: 400 }", "workload.duration_s: is 400; it must not be after the horizon")]
    [DataRow("signals: { transport_ms: { intra_cell: [50, 5] } }", "signals.transport_ms.intra_cell: goes from 50 to 5")]
    [DataRow("signals: { queue_depth_ms: [5] }", "signals.queue_depth_ms: must hold keys: min, max")]
    [DataRow("signals: { loss: 1 }", "signals.loss: is 1; it must be 0 to below 1")]
    [DataRow("strategies: []", "strategies: must name at least one")]
    [DataRow("strategies: [mesh, mes]", "1:20 strategies[1]: 'mes' is not a strategy; did you mean 'mesh'?")]
    [DataRow("strategies: [mesh, mesh]", "1:20 strategies[1]: 'mesh' is listed twice")]
    [DataRow("strategies: [{ name: mesh, parameters: { network_weigth: 1 } }]", "strategies[0].parameters.network_weigth: mesh has no such parameter")]
    [DataRow("strategies: [{ name: mesh, parameters: { network_weight: 1000 } }]", "1:42 strategies[0].parameters.network_weight: 1000 is out of range")]
    [DataRow("strategies: [{ name: oracle, parameters: { x: 1 } }]", "oracle takes no parameters")]
    [DataRow("strategies: mesh", "1:13 strategies: must be a list")]
    [DataRow("slo_classes: [{ name: a, share: 0.5, ttft_s: 1 }]", "slo_classes: the shares sum to 0.5")]
    [DataRow("slo_classes: [{ name: a, share: 1 }]", "slo_classes[0]: has no goal")]
    [DataRow("service: { tensor_parallel: 3 }", "service.tensor_parallel: is 3; it must be 1, 2, 4 or 8")]
    [DataRow("service: { llm_model: gpt-9 }", "1:12 service.llm_model: 'gpt-9' has no calibrated profile; known: ")]
    [DataRow("service: { llm_model: llama-3.1-70b }\ntopology: { gpu_profiles: [{ name: L4-24G }] }", "2:30 topology.gpu_profiles[0].name: llama-3.1-70b does not fit on L4-24G with tensor_parallel 1")]
    [DataRow("service: { model: token_rate }\ntopology: { gpu_profiles: [{ name: Z80 }] }", "topology.gpu_profiles[0].tokens_per_s: is missing")]
    [DataRow("a: *b", "names no anchor")]
    public void Read_Faulty_SaysWhereAndWhat(string yaml, string expected)
    {
        var result = SimConfigYaml.Read(yaml);

        Assert.IsNull(result.Config);
        Assert.Contains(expected, string.Join('\n', result.Errors));
        Assert.IsTrue(result.Errors.All(e => e is { Line: > 0, Column: > 0 }), string.Join('\n', result.Errors));
    }

    [TestMethod]
    public void Read_ManyErrors_GivesAllByPosition()
    {
        var errors = SimConfigYaml.Read("""
            strategies: [nonsense]
            seed: x
            topology:
              cells: 0
              colour: red
            workload:
              mix: { llm: 0.2 }
              arrival: { rps: -1 }
            """).Errors;

        Assert.AreEqual("1:14 2:7 4:3 5:3 7:3 8:14", string.Join(' ', errors.Select(e => $"{e.Line}:{e.Column}")), string.Join('\n', errors));
    }

    [TestMethod]
    public void Read_ValueThatCannotBeRead_IsReportedOnce()
    {
        // With the default in its place the shares would not sum to 1: that says nothing.
        var errors = SimConfigYaml.Read("workload: { mix: { llm: x, vision: 0.5 } }").Errors;
        Assert.HasCount(1, errors, string.Join('\n', errors));
    }

    [TestMethod]
    public void Read_AnchorsAndMergeKeys_AreResolved()
    {
        var config = Read("""
            signals:
              queue_depth_ms: &fast { min: 1, max: 2 }
              vram_ms: *fast
              p95_ms: { <<: *fast, max: 9 }
            """);

        Assert.AreEqual((new RangeMs(1, 2), new RangeMs(1, 9)), (config.Signals.VramMs, config.Signals.P95Ms));
    }

    [TestMethod]
    public void Read_DeepNesting_IsRefused() => Assert.Contains("deep", SimConfigYaml.Read(new string('[', 100_000)).Errors[0].Message);

    [TestMethod]
    public void Read_OneOtherType_IsTheOnlyOne() => Assert.AreEqual(new MixConfig(0, 1, 0), Read("workload: { mix: { vision: 1 } }").Workload.Mix);

    [TestMethod]
    public void Read_EmptySections_AreDefaults() => AssertEqual(new SimConfig(), Read("workload:\ntopology: {}\nservice: ~"));

    [TestMethod]
    public void Read_BareNumber_IsAConstant() => Assert.AreEqual(new DistConfig { Value = 512 }, Read("workload: { llm: { in_tokens: 512 } }").Workload.Llm.InTokens);

    [TestMethod]
    public void Read_ServiceModelThatIsGiven_Wins() =>
        Assert.AreEqual(ServiceModel.ContinuousBatching, Read("service: { model: continuous_batching }\ntopology: { gpu_profiles: [{ name: H100-80G, tokens_per_s: 1 }] }").Service.Model);

    [TestMethod]
    public void Read_RelativeFile_IsOfTheConfigurationsFolder()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "own.csv"), "time,prompt_tokens,output_tokens\n1,2,3\n");
            File.WriteAllText(Path.Combine(folder, "bad.csv"), "time,prompt_tokens,output_tokens\n1,x,3\n");

            Assert.AreEqual(Path.Combine(folder, "own.csv"), SimConfigYaml.Read("workload: { arrival: { type: trace, format: csv, file: own.csv } }", folder).Config!.Workload.Arrival.File);
            Assert.Contains("line 2", SimConfigYaml.Read("workload: { arrival: { type: trace, format: csv, file: bad.csv } }", folder).Errors[0].Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    [DataRow("small", 512)]
    [DataRow("medium", 4_096)]
    [DataRow("large", 131_072)]
    public void Example_OfEachSize_ReadsAndRoundTrips(string name, int nodes)
    {
        var text = SimConfigYaml.Example(name);
        var config = Read(text);

        Assert.AreEqual(nodes, config.Topology.Cells * config.Topology.NodesPerCell);
        Assert.AreEqual(text, SimConfigYaml.Write(config));
        Assert.StartsWith("# yaml-language-server: $schema=", text);
    }

    [TestMethod]
    public void Example_Unknown_Throws() => Assert.ThrowsExactly<ArgumentException>(() => SimConfigYaml.Example("huge"));

    [TestMethod]
    public void Write_OfEveryKind_RoundTrips()
    {
        var config = new SimConfig
        {
            Seed = ulong.MaxValue,
            DurationS = 0.1,
            Strategies = [new("mesh", new Dictionary<string, double> { ["network_weight"] = 0.5, ["seconds_per_dollar"] = 1e-7 }), new("oracle")],
            Workload = new()
            {
                Arrival = new() { Type = ArrivalType.Gamma, Rps = 1.0 / 3, Rho = 0.8, Cv = 2 },
                Llm = new() { InTokens = new() { Dist = DistKind.Discrete, Cases = [(5, 0.25), (7, 0.75)] }, OutTokens = new() { Dist = DistKind.Normal, Mean = 5, Std = 1 } },
                Sessions = new() { Groups = 3, QuestionsPerUser = 2 },
            },
            Topology = new() { GpuProfiles = [new() { Name = "H100-80G", Share = 2, TokensPerS = 5 }, new() { Name = "odd: \"name\"\t", TokensPerS = 1 }] },
            Service = new() { Model = ServiceModel.ReferenceBugs },
            Routers = new() { DecisionCostS = 1e-5 },
            SloClasses = [new("a b", 0.5, TtftS: 1), new("no", 0.5, E2eS: 3)],
        };

        AssertEqual(config, Read(SimConfigYaml.Write(config)));
    }

    // Records compare lists by reference: the text says whether all is equal.
    private static void AssertEqual(SimConfig expected, SimConfig actual) => Assert.AreEqual(SimConfigYaml.Write(expected), SimConfigYaml.Write(actual));

    private static SimConfig Read(string yaml)
    {
        var result = SimConfigYaml.Read(yaml);
        Assert.IsEmpty(result.Errors, string.Join('\n', result.Errors));
        return result.Config!;
    }
}
