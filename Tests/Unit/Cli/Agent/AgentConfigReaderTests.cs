using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class AgentConfigReaderTests
{
    [TestMethod]
    public void Read_Example_IsValid()
    {
        var config = Read(AgentExample.Text());
        Assert.AreEqual("gpu-node-1", config.Node.Id);
        Assert.AreEqual(GpuSourceKind.Nvml, config.Gpu.Source);
        Assert.AreEqual("http://127.0.0.1:50051/", config.Targets.Single().ToString());
        Assert.AreEqual(4.0, config.Runtimes.Single().PricePerHour);
        Assert.IsFalse(config.Runtimes.Single().Control, "an agent reads unless it is told more");
    }

    [TestMethod]
    public void Read_CellAlone_TakesDefaults()
    {
        var config = Read("node: {cell: a}");
        Assert.AreEqual(Environment.MachineName, config.Node.Id);
        Assert.AreEqual(TimeSpan.FromSeconds(1), config.Interval);
        Assert.AreEqual("http://127.0.0.1:50051/", config.Targets.Single().ToString());
        Assert.AreEqual(GpuSourceKind.None, config.Gpu.Source);
        Assert.IsEmpty(config.Runtimes);
    }

    [TestMethod]
    public void Read_EnvironmentVariables_AreTakenWhereTheyAreSet()
    {
        var machine = Environment.GetEnvironmentVariable("HOME")!;
        var config = Read("node: {cell: a, labels: {path: '${HOME}', both: 'x${HOME}y'}}");
        Assert.AreEqual((machine, $"x{machine}y"), (config.Node.Labels["path"], config.Node.Labels["both"]));

        Assert.IsNull(AgentConfigReader.Read("node: {cell: '${INFERMESH_NOT_SET}'}", "agent.yaml", [], out var errors));
        Assert.Contains("needs the environment variable INFERMESH_NOT_SET, which is not set", errors[0]);
    }

    [TestMethod]
    public void Read_EverythingSet_TakesIt()
    {
        var token = Path.GetTempFileName();
        File.WriteAllText(token, "secret\n");
        var config = Read($$$"""
            node: {id: n1, cell: a, zone: z, region: r, failureDomain: f, labels: {team: x, n: 5}, roles: [gpu, edge]}
            target: [http://10.0.0.1:1, "https://b:2"]
            interval: 500ms
            gpu: {source: synthetic, synthetic: {type: l4-24g, count: 2, seed: 7}}
            runtimes:
              - {kind: vllm, endpoint: "http://127.0.0.1:8000/v1/", advertise: "http://10.0.0.7:8000", gpu: L4, pricePerHour: 0, interval: 2s, timeout: 1.5s, bearerTokenFile: "{{{token}}}", control: true, capacity: {maxConcurrency: 8, minSecondsPerToken: 0.01}}
            """);
        Assert.AreEqual("5", config.Node.Labels["n"]);
        CollectionAssert.AreEqual(new[] { "gpu", "edge" }, config.Node.Roles.ToArray());
        Assert.HasCount(2, config.Targets);
        Assert.AreEqual(2, config.Gpu.SyntheticCount);
        var runtime = config.Runtimes.Single();
        Assert.AreEqual("http://127.0.0.1:8000", Address.Root(runtime.Endpoint));
        Assert.AreEqual(TimeSpan.FromSeconds(1.5), runtime.Timeout);
        Assert.AreEqual(8, runtime.Capacity.MaxConcurrency);
        Assert.IsNull(runtime.Capacity.PrefillTokensPerSecond);
        Assert.IsTrue(runtime.Control);
        Assert.IsFalse(string.Join('\n', AgentCheck.Describe(config)).Contains("secret", StringComparison.Ordinal));
        File.Delete(token);
    }

    [TestMethod]
    [DataRow("vllm")]
    [DataRow("sglang")]
    [DataRow("triton")]
    [DataRow("tgi")]
    [DataRow("torchserve")]
    [DataRow("tfserving")]
    [DataRow("ovms")]
    [DataRow("llamacpp")]
    [DataRow("openai")]
    public void Read_EveryKind_BecomesAProbeOfThatKind(string kind)
    {
        var config = Read($$"""
            node: {cell: a}
            runtimes: [{kind: {{kind}}, endpoint: "http://127.0.0.1:9000", metricsEndpoint: "http://127.0.0.1:9002", models: [m]}]
            """);
        using var clients = new ProbeClients();
        var target = ProbeFactory.Create(config, clients, TimeProvider.System).Runtimes.Single();

        Assert.AreEqual(kind, target.Kind);
        Assert.AreEqual(new Uri("http://127.0.0.1:9002"), config.Runtimes.Single().MetricsEndpoint);
        CollectionAssert.AreEqual(new[] { "m" }, config.Runtimes.Single().Models.ToArray());
    }

    [TestMethod]
    public void Read_ManyErrors_NamesEachWithItsPlaceAndOnce()
    {
        AgentConfigReader.Read(
            """
            node:
              id: "-x"
              zone: [a]
              labels: {synthetic: "false"}
              roles: [cpu]
              colour: red
            target: [ftp://x]
            interval: 1h
            gpu: {source: cuda, synthetic: {count: 99}}
            runtimes:
              - kind: ollama
                endpoint: 127.0.0.1:8000
                timeout: soon
                capacity: {maxConcurrency: 0, prefil: 3}
                bearerTokenFile: no-such-file
              - 5
            """,
            "a.yaml",
            [],
            out var errors);

        string[] expected =
        [
            "a.yaml:2:3: node.cell: must be set", "a.yaml:2:7: node.id: '-x' must be", "a.yaml:3:9: node.zone: must be a single value",
            "a.yaml:4:23: node.labels.synthetic: says", "a.yaml:5:11: node.roles: 'cpu' is not", "a.yaml:6:3: node.colour: unknown key; known keys: id",
            "a.yaml:7:10: target: 'ftp://x' must be", "a.yaml:8:11: interval: '1h' must be a duration from 100ms to 1m", "a.yaml:9:15: gpu.source: 'cuda'",
            "a.yaml:9:40: gpu.synthetic.count: '99' must be", "a.yaml:11:11: runtimes[0].kind: 'ollama' is not a kind of runtime; known kinds: vllm, sglang, triton, tgi, torchserve, tfserving, ovms, llamacpp, openai", "a.yaml:12:15: runtimes[0].endpoint: '127.0.0.1:8000'",
            "a.yaml:13:14: runtimes[0].timeout: 'soon'", "a.yaml:14:32: runtimes[0].capacity.maxConcurrency: '0'", "a.yaml:14:35: runtimes[0].capacity.prefil: unknown key",
            "a.yaml:15:22: runtimes[0].bearerTokenFile: 'no-such-file' cannot be read", "a.yaml:16:5: runtimes[1]: must be a group of keys",
        ];
        Assert.HasCount(expected.Length, errors, string.Join('\n', errors));
        foreach (var (line, start) in errors.Zip(expected))
            Assert.StartsWith(start, line);
    }

    [TestMethod]
    [DataRow("", "a.yaml:1:1: the file is empty")]
    [DataRow("node: {cell: a", "not readable as YAML")]
    [DataRow("node: {cell: a}\nnode: {cell: b}", "not readable as YAML")]
    [DataRow("- 1", "must be a group of keys: node, target")]
    [DataRow("interval: 1s", "node: must be set")]
    [DataRow("node: {cell: a}\n---\nnode: {cell: b}", "several documents")]
    [DataRow("node: {cell: a}\nruntimes: {kind: vllm}", "runtimes: must be a list")]
    [DataRow("node: {cell: a}\nruntimes: [{kind: tfserving, endpoint: 'http://h'}]", "runtimes[0].models: must name at least one model")]
    [DataRow("node: {cell: a}\nruntimes: [{kind: tfserving, endpoint: 'http://h', models: [[a]]}]", "runtimes[0].models: must be a list of names")]
    [DataRow("node: {cell: a}\nruntimes: [{kind: triton, endpoint: 'http://h', metricsEndpoint: h:8002}]", "runtimes[0].metricsEndpoint: 'h:8002' must be")]
    [DataRow("node: {cell: a}\ngpu: {source: none, libraryPath: x}", "gpu.libraryPath: is for source: nvml only")]
    [DataRow("node: {cell: a}\ngpu: {source: 1}", "gpu.source: '1' is not a source; known sources: nvml, dcgm, nvidia-smi, rocm, synthetic, auto, none")]
    [DataRow("node: {cell: a}\ngpu: {source: NvidiaSmi}", "gpu.source: 'NvidiaSmi' is not a source")]
    [DataRow("node: {cell: a}\ngpu: {source: nvml, path: nvidia-smi}", "gpu.path: is for source: nvidia-smi or rocm only; remove it")]
    [DataRow("node: {cell: a}\ngpu: {source: auto, timeout: 1s}", "gpu.timeout: is for source: dcgm or nvidia-smi or rocm only; remove it")]
    [DataRow("node: {cell: a}\ngpu: {source: rocm, endpoint: 'http://a'}", "gpu.endpoint: is for source: dcgm only; remove it")]
    [DataRow("node: {cell: a}\ngpu: {source: dcgm, endpoint: 'a:9400'}", "gpu.endpoint: 'a:9400' must be an http or https address")]
    [DataRow("node: {cell: a}\ngpu: {source: dcgm, endpoint: 'http://u:p@a'}", "gpu.endpoint: must not carry a user or password")]
    [DataRow("node: {cell: a}\ngpu: {source: dcgm, bearerTokenFile: no-such-file}", "gpu.bearerTokenFile: 'no-such-file' cannot be read")]
    [DataRow("node: {cell: a}\ngpu: {source: dcgm, timeout: 1h}", "gpu.timeout: '1h' must be a duration from 100ms to 1m")]
    [DataRow("node: {cell: a}\ngpu: {source: rocm, path: /no/such/file}", "gpu.path: '/no/such/file' is not a file")]
    [DataRow("node: {cell: a}\nruntimes: [{kind: vllm, endpoint: 'http://u:p@h'}]", "must not carry a user or password")]
    [DataRow("node: {cell: a}\nruntimes: [{kind: vllm, endpoint: 'http://h'}, {kind: vllm, endpoint: 'http://h/v1'}]", "is that of runtimes[0] too")]
    public void Read_Broken_SaysWhy(string text, string expected)
    {
        Assert.IsNull(AgentConfigReader.Read(text, "a.yaml", [], out var errors));
        Assert.IsTrue(errors.Any(line => line.Contains(expected, StringComparison.Ordinal)), string.Join('\n', errors));
        Assert.IsTrue(errors.All(line => line.StartsWith("a.yaml:", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow("{source: nvml}", "nvml", "nvml, library where drivers install it", 5.5)]
    [DataRow("{source: dcgm}", "dcgm", "dcgm, http://127.0.0.1:9400/metrics", 2.5)]
    [DataRow("{source: dcgm, endpoint: 'http://10.0.0.1:9400', timeout: 1s}", "dcgm", "dcgm, http://10.0.0.1:9400/metrics", 1.5)]
    [DataRow("{source: DCGM, endpoint: 'http://10.0.0.1:9400/dcgm'}", "dcgm", "dcgm, http://10.0.0.1:9400/dcgm", 2.5)]
    [DataRow("{source: nvidia-smi, path: my-smi}", "nvidia-smi", "nvidia-smi, my-smi", 4.5)]
    [DataRow("{source: rocm, timeout: 3s}", "rocm", "rocm, tool where drivers install it", 9.5)]
    [DataRow("{source: auto}", "auto", "auto: nvml, else nvidia-smi, else rocm", 15.5)]
    [DataRow("{source: synthetic}", "synthetic", "synthetic, 1 H100-80G, synthetic=true", 5.5)]
    [DataRow("{source: none}", null, "none", 5.5)]
    public void Read_GpuSource_IsTheOneThatProbes(string gpu, string? name, string described, double limitSeconds)
    {
        var config = Read($"node: {{cell: a}}\ngpu: {gpu}");
        using var clients = new ProbeClients();
        var options = ProbeFactory.Create(config, clients, TimeProvider.System);
        using var source = options.Gpu;

        Assert.AreEqual(name, source?.Name);
        Assert.AreEqual(limitSeconds, options.GpuTimeout.TotalSeconds);
        StringAssert.Contains(string.Join('\n', AgentCheck.Describe(config)), "gpu      " + described);
    }

    [TestMethod]
    public void Read_TargetOfCommandLine_WinsOverTheFile()
    {
        var config = AgentConfigReader.Read("node: {cell: a}\ntarget: http://a:1", "a.yaml", ["http://b:2"], out _)!;
        Assert.AreEqual("http://b:2/", config.Targets.Single().ToString());
    }

    [TestMethod]
    [DataRow("500ms", 500)]
    [DataRow("1s", 1000)]
    [DataRow("1.5s", 1500)]
    [DataRow("2m", 120_000)]
    [DataRow("1h", 3_600_000)]
    public void Duration_WrittenWithAUnit_IsReadAndWrittenBack(string text, double milliseconds)
    {
        Assert.IsTrue(DurationText.TryParse(text, out var value));
        Assert.AreEqual(milliseconds, value.TotalMilliseconds);
        Assert.IsTrue(DurationText.TryParse(DurationText.Format(value), out var again));
        Assert.AreEqual(value, again);
    }

    [TestMethod]
    [DataRow("1")]
    [DataRow("s")]
    [DataRow("-1s")]
    [DataRow("1 s")]
    [DataRow("1sm")]
    [DataRow("1e9h")]
    [DataRow("99999999999h")]
    [DataRow("")]
    public void Duration_Otherwise_IsRefused(string text) => Assert.IsFalse(DurationText.TryParse(text, out _));

    private static AgentConfig Read(string text)
    {
        var config = AgentConfigReader.Read(text, "a.yaml", [], out var errors);
        Assert.IsEmpty(errors, string.Join('\n', errors));
        return config!;
    }
}
