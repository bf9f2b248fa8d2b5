using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Metrics;

/// <summary>Counts and latencies of one run. One recorder per type and SLO class; totals are merged at the end.</summary>
internal sealed class RunMetrics
{
    private const int Types = 3;
    private const int TenantsShown = 10;

    /// <summary>Tenants by number that are recorded: a Zipf law numbers them by size.</summary>
    private const int TenantsRecorded = 1_024;

    private readonly SloGoals _goals;
    private readonly IReadOnlyList<SloClassConfig> _classes;
    private readonly LatencyRecorder[] _leaves;
    private readonly LatencyRecorder?[] _tenants;
    private readonly long[] _arrivedByTenant;
    private readonly long[] _arrivedByClass, _metByClass;

    public RunMetrics(SimConfig config)
    {
        _classes = config.SloClasses;
        Goals = _goals = new(config.SloClasses);
        _leaves = [.. Enumerable.Range(0, Types * (_classes.Count + 1)).Select(_ => new LatencyRecorder())];
        var tenants = config.Workload.Tenants.Count > 1 ? Math.Min(TenantsRecorded, config.Workload.Tenants.Count) : 0;
        (_tenants, _arrivedByTenant) = (new LatencyRecorder[tenants], new long[tenants]);
        (_arrivedByClass, _metByClass) = (new long[_classes.Count], new long[_classes.Count]);
    }

    public SloGoals Goals { get; }

    public long Arrived { get; private set; }

    public long Completed { get; private set; }

    public long Rejected { get; set; }

    public long Dropped { get; set; }

    public long SloMet { get; private set; }

    /// <summary>Prompt and output tokens of completed requests.</summary>
    public long PromptTokens { get; private set; }

    /// <inheritdoc cref="PromptTokens"/>
    public long OutputTokens { get; private set; }

    /// <summary>Tokens of requests that met their SLO.</summary>
    public long SloMetTokens { get; private set; }

    /// <summary>Sum of the time from arrival to answer of completed requests, nanoseconds.</summary>
    public double SojournNs { get; private set; }

    public double AgeSecondsSum { get; set; }

    public long Picks { get; set; }

    public long HedgesFired { get; set; }

    public long HedgesWon { get; set; }

    public long HedgesWasted { get; set; }

    public double WastedTokens { get; set; }

    /// <summary>Prompt blocks that requests brought to engines, each attempt counted.</summary>
    public long PrefixBlocks { get; set; }

    public double NetworkBytes { get; set; }

    /// <summary>Transfers of KV blocks from nodes that prefill to nodes that decode, what they moved and how long they took.</summary>
    public long KvTransfers { get; private set; }

    /// <inheritdoc cref="KvTransfers"/>
    public double KvBytes { get; private set; }

    /// <inheritdoc cref="KvTransfers"/>
    public double KvTransferNs { get; private set; }

    public void KvMove(double bytes, long ns, bool betweenCells)
    {
        KvTransfers++;
        KvBytes += bytes;
        KvTransferNs += ns;
        if (betweenCells) NetworkBytes += bytes;
    }

    public void Arrive(in SimRequest request)
    {
        Arrived++;
        if (request.SloClass >= 0) _arrivedByClass[request.SloClass]++;
        if (request.Tenant < _arrivedByTenant.Length) _arrivedByTenant[request.Tenant]++;
    }

    public void Complete(in SimRequest request, in Measured m)
    {
        Completed++;
        SojournNs += m.E2eNs;
        PromptTokens += request.PromptTokens;
        OutputTokens += request.OutputTokens;
        LeafOf(request).Add(m);
        if (request.Tenant < _tenants.Length) (_tenants[request.Tenant] ??= new()).Add(m);
        if (!_goals.Met(request, m)) return;
        SloMet++;
        SloMetTokens += request.PromptTokens + request.OutputTokens;
        if (request.SloClass >= 0) _metByClass[request.SloClass]++;
    }

    public void Gaps(in SimRequest request, long gapNs, int count)
    {
        LeafOf(request).Gaps(gapNs, count);
        if (request.Tenant < _tenants.Length) (_tenants[request.Tenant] ??= new()).Gaps(gapNs, count);
    }

    public LatencySet All() => Merged(_ => true).ToSet();

    public Dictionary<RequestType, LatencySet> ByType()
    {
        var byType = new Dictionary<RequestType, LatencySet>();
        for (var type = 0; type < Types; type++)
        {
            var set = Merged(leaf => leaf % Types == type).ToSet();
            if (set.Count > 0) byType[(RequestType)type] = set;
        }
        return byType;
    }

    public SortedDictionary<int, LatencySet> ByTenant()
    {
        var shown = Enumerable.Range(0, _tenants.Length).Where(t => _arrivedByTenant[t] > 0).OrderByDescending(t => _arrivedByTenant[t]).ThenBy(t => t).Take(TenantsShown);
        return new(shown.ToDictionary(t => t, t => (_tenants[t] ?? new()).ToSet()));
    }

    public Dictionary<string, SloResult> BySloClass()
    {
        var byClass = new Dictionary<string, SloResult>(StringComparer.Ordinal);
        for (var c = 0; c < _classes.Count; c++)
        {
            var arrived = _arrivedByClass[c];
            byClass[_classes[c].Name] = new(arrived, arrived > 0 ? (double)_metByClass[c] / arrived : 0, Merged(leaf => leaf / Types == c + 1).ToSet());
        }
        return byClass;
    }

    private LatencyRecorder LeafOf(in SimRequest request) => _leaves[(request.SloClass + 1) * Types + (int)request.Type];

    private LatencyRecorder Merged(Func<int, bool> which)
    {
        var merged = new LatencyRecorder();
        for (var leaf = 0; leaf < _leaves.Length; leaf++) if (which(leaf)) merged.Add(_leaves[leaf]);
        return merged;
    }
}
