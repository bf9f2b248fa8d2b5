using System.Globalization;
using InferMesh.Simulator.World;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <summary>The live decision kernel over what the nodes last said. It sees readings and prompts, never the nodes themselves.</summary>
internal sealed class SimRouter(IRoutingStrategy strategy, IReadOnlyList<GpuProfile> profiles, IReadOnlyList<Capability> capabilities)
{
    /// <summary>Simulated time begins here: tick 0 would read as "no reading".</summary>
    private static readonly long Epoch = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private const string Model = "model";
    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly NodeReading[] _readings = new NodeReading[profiles.Count];
    private readonly LocalLoad[] _local = [.. profiles.Select(_ => new LocalLoad())];
    private readonly TargetIdentity[] _identity = [.. profiles.Select((p, i) => Identity(i, p))];
    private RoutingTable? _table;
    private ulong _sequence;

    public void Take(int node, NodeReading reading)
    {
        _readings[node] = reading;
        _table = null;
    }

    /// <summary>The node for a request, or null when the kernel refuses it.</summary>
    public int? Route(in Arrival request, long nowTicks)
    {
        _table ??= Build();
        var query = new RoutingRequest { Model = Model, PromptTokens = request.PromptTokens, MaxTargets = 1 };
        var sequence = _sequence++;
        var decision = DecisionKernel.Decide(_table, query, Epoch + nowTicks, sequence, seed: sequence, strategy: strategy);
        if (decision.Outcome != DecisionOutcome.Routed) return null;
        decision.Choices[0].Local.Dispatch(Epoch + nowTicks, request.PromptTokens);
        return int.Parse(decision.Choices[0].Identity.NodeId, CultureInfo.InvariantCulture);
    }

    public void Settle(int node, long nowTicks) => _local[node].Settle(Epoch + nowTicks);

    private RoutingTable Build() => new(1, [new(Model, Enumerable.Range(0, _readings.Length).Select(Row))], PolicySet.Empty);

    private TargetRow Row(int node) => new()
    {
        Identity = _identity[node],
        Local = _local[node],
        Running = _readings[node].Running,
        Waiting = _readings[node].Waiting,
        KvCacheUsage = _readings[node].KvCacheUsage,
        MaxConcurrency = capabilities[node].MaxConcurrency,
        PrefillTokensPerSecond = capabilities[node].PrefillTokensPerSecond,
        DecodeTokensPerSecond = capabilities[node].DecodeTokensPerSecond,
        MinSecondsPerToken = capabilities[node].MinSecondsPerToken,
        RttSeconds = 0,
        PricePerHour = profiles[node].PriceUsdPerHour,
        SampledAtTicks = Epoch + _readings[node].AtTicks,
    };

    private static TargetIdentity Identity(int node, GpuProfile profile)
    {
        var id = node.ToString("00000", CultureInfo.InvariantCulture);
        return new(id, "cell", "", "", id, "simulated", id, profile.Name, true, NoLabels);
    }
}
