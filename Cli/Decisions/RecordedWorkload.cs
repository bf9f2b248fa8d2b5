using System.Globalization;
using System.Text;
using InferMesh.Cli.Sim.Output;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;

namespace InferMesh.Cli.Decisions;

/// <summary>
/// The requests behind recorded decisions as a trace, and a configuration of the simulator that sends them. Requests of one session are taken for one conversation, each with the text of those before it; where
/// prefixes were recorded, those say what is shared.
/// </summary>
internal sealed class RecordedWorkload(EndsByDecision ends, string? model) : IRecordingVisitor
{
    // A trace names text in blocks of 512 tokens, a recording in blocks of 16.
    private const int TraceBlockTokens = 512, PartsOfATraceBlock = 32;
    private const int UsualOutput = 128;

    private readonly List<(long AtTicks, int Prompt, int Output, int[] Blocks)> _requests = [];
    private readonly Dictionary<ulong, int> _names = [];
    private readonly HashSet<string> _tenants = new(StringComparer.Ordinal), _models = new(StringComparer.Ordinal), _strategies = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private TargetSet? _fleet;
    private long _guessed;
    private ulong _recording;

    /// <summary>Seconds from the first request to the last, or as long as was asked for.</summary>
    public double DurationS { get; private set; }

    /// <summary>What of the recording is not in the workload.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The file of the requests of a configuration.</summary>
    public static string TraceOf(string path) => Path.ChangeExtension(path, ".jsonl");

    public void Began(in RecordingHeader header) => _recording = header.Recording;

    public void Decided(in RecordedDecision d)
    {
        if ((model is not null && d.Request.Model != model) || !IsArrival(d)) return;
        var end = ends.Of(_recording, d.Number);
        var prompt = Math.Max(1, end is { PromptTokens: > 0 } counted ? counted.PromptTokens : d.Request.PromptTokens);
        var output = end is { OutputTokens: > 0 } said ? said.OutputTokens : d.Request.OutputTokens;
        if (output <= 0) (output, _guessed) = (UsualOutput, _guessed + 1);
        _requests.Add((d.NowTicks, prompt, output, Blocks(d, prompt)));
        _tenants.Add(d.Request.Tenant);
        _models.Add(d.Request.Model);
        _strategies.Add(d.Policy.Strategy.Name);
        if (_fleet is null || d.Targets.Count > _fleet.Count) _fleet = d.Targets;
    }

    /// <summary>Writes configuration and trace; returns the number of requests.</summary>
    /// <exception cref="UsageException">No request is left.</exception>
    public async Task<int> WriteAsync(string path, double startS, double? durationS, CancellationToken stop)
    {
        // Those of several silos stand one silo after the other.
        var sorted = _requests.OrderBy(static r => r.AtTicks).ToArray();
        var first = sorted.Length == 0 ? 0 : sorted[0].AtTicks + (long)(startS * TimeSpan.TicksPerSecond);
        var taken = sorted.Where(r => r.AtTicks >= first && (durationS is not { } length || r.AtTicks < first + length * TimeSpan.TicksPerSecond)).ToArray();
        if (taken.Length == 0) throw new UsageException(model is null ? "--input: no request of the recording is left" : $"--model: the recording has no request for '{model}' at that time");
        DurationS = durationS ?? Math.Max(1, Math.Ceiling((taken[^1].AtTicks - taken[0].AtTicks) / (double)TimeSpan.TicksPerSecond + 1e-3));
        await AtomicFile.WriteAsync(TraceOf(path), async file =>
        {
            await using var trace = new StreamWriter(file, new UTF8Encoding(false));
            foreach (var (at, prompt, output, blocks) in taken)
            {
                stop.ThrowIfCancellationRequested();
                var ms = (at - taken[0].AtTicks) / (double)TimeSpan.TicksPerMillisecond;
                await trace.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{{\"timestamp\":{ms},\"input_length\":{prompt},\"output_length\":{output},\"hash_ids\":[{string.Join(',', blocks)}]}}"));
            }
        });
        AtomicFile.Write(path, SimConfigYaml.Write(Config(Path.GetFileName(TraceOf(path)))));
        if (_guessed > 0) _notes.Add(FormattableString.Invariant($"{_guessed:N0} requests have no known length of the answer; {UsualOutput} tokens stand in."));
        if (_models.Count > 1) _notes.Add($"requests for {_models.Count} models are one model here; --model takes those of one.");
        return taken.Length;
    }

    private SimConfig Config(string trace)
    {
        var config = new SimConfig
        {
            DurationS = DurationS,
            Workload = new() { Arrival = new() { Type = ArrivalType.Trace, File = trace, Format = "mooncake" }, Tenants = new() { Count = Math.Max(1, _tenants.Count) } },
            Strategies = [.. _strategies.Where(static s => StrategyCatalog.Validate(s, null).Count == 0).DefaultIfEmpty(StrategyCatalog.Default).Order(StringComparer.Ordinal).Select(static s => new StrategyConfig(s))],
        };
        return _fleet is { Count: > 0 } fleet ? config with { Topology = Fleet(config.Topology, fleet) } : config;
    }

    /// <summary>As many cells and nodes as the recorded fleet had, of its GPUs where the simulator knows them.</summary>
    private TopologyConfig Fleet(TopologyConfig usual, TargetSet fleet)
    {
        var cells = fleet.Identity.Select(static i => i.CellId).Distinct(StringComparer.Ordinal).Count();
        var nodes = fleet.Identity.Select(static i => i.NodeId).Distinct(StringComparer.Ordinal).Count();
        var gpus = fleet.Identity.Select(static i => i.Gpu).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var config = usual with { Cells = cells, NodesPerCell = (nodes + cells - 1) / cells };
        var own = config with { GpuProfiles = [.. gpus.Select(static g => new GpuProfileConfig { Name = g })] };
        var known = SimConfigValidator.Check(new SimConfig { Topology = own, Strategies = [new(StrategyCatalog.Default)] }).Count == 0;
        if (!known) _notes.Add($"the simulator has no figures of the recorded GPUs ({string.Join(", ", gpus.Where(static g => g.Length > 0))}); its usual ones stand in.");
        return known ? own : config;
    }

    // A request that waits in the mesh is decided again and again until it is routed, and one for which no node is left is asked for once more with those that are left alone.
    private static bool IsArrival(in RecordedDecision d) => !d.Again && d.Result.Outcome switch
    {
        DecisionOutcome.Routed => true,
        DecisionOutcome.ModelUnknown or DecisionOutcome.Forbidden => false,
        _ => !d.Request.MayQueue && d.Request.ExcludedNodes.Count == 0,
    };

    private int[] Blocks(in RecordedDecision d, int prompt)
    {
        var prefix = d.Request.Prefix.Span;
        if (prefix.Length >= PartsOfATraceBlock)
        {
            var blocks = new int[prefix.Length / PartsOfATraceBlock];
            // The name of the last part says all before it.
            for (var i = 0; i < blocks.Length; i++) blocks[i] = Name(prefix[(i + 1) * PartsOfATraceBlock - 1]);
            return blocks;
        }
        if (d.Session == 0) return [];
        var shared = new int[prompt / TraceBlockTokens];
        for (var i = 0; i < shared.Length; i++) shared[i] = Name(d.Session ^ (ulong)(i + 1) * 0x9E3779B97F4A7C15UL);
        return shared;
    }

    private int Name(ulong block)
    {
        if (!_names.TryGetValue(block, out var name)) _names.Add(block, name = _names.Count + 1);
        return name;
    }
}
