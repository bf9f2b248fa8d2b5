using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Scoring;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Routing;

/// <summary>Who a target is: one runtime on one node that serves the model.</summary>
/// <param name="NodeId">Node id.</param>
/// <param name="CellId">Cell of the node.</param>
/// <param name="Zone">Zone of the node; "" when unknown.</param>
/// <param name="Region">Region of the node; "" when unknown.</param>
/// <param name="FailureDomain">What fails together (rack, zone): a hedge goes to another one.</param>
/// <param name="Runtime">Runtime kind, such as <c>vllm</c>.</param>
/// <param name="Endpoint">Base URL of the runtime.</param>
/// <param name="Gpu">GPU type, such as <c>H100-80G</c>; "" when unknown.</param>
/// <param name="Synthetic">True for a simulated node.</param>
/// <param name="Labels">Labels of the node.</param>
public sealed record TargetIdentity(
    string NodeId, string CellId, string Zone, string Region, string FailureDomain,
    string Runtime, string Endpoint, string Gpu, bool Synthetic, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Base URL of the runtime's gRPC calls; "" when unknown.</summary>
    public string GrpcEndpoint { get; init; } = "";

    /// <summary>Rack of the node; "" when unknown.</summary>
    public string Rack { get; init; } = "";
}

/// <summary>
/// One row of a <see cref="TargetSet"/> while it is built. Rates are per second, times in seconds, shares 0..1;
/// <see cref="double.NaN"/> means unknown, never zero.
/// </summary>
public sealed record TargetRow
{
    /// <summary>Identity of the target.</summary>
    public required TargetIdentity Identity { get; init; }

    /// <summary>What this router has in flight there.</summary>
    public required LocalLoad Local { get; init; }

    /// <summary>Why the target is out of rotation, from node and runtime health alone.</summary>
    public FilterReason Standing { get; init; }

    /// <summary>Requests in the running batch at the time of the reading.</summary>
    public double Running { get; init; } = double.NaN;

    /// <summary>Requests waiting in the runtime at the time of the reading.</summary>
    public double Waiting { get; init; } = double.NaN;

    /// <summary>Share of the KV cache in use, 0..1.</summary>
    public double KvCacheUsage { get; init; } = double.NaN;

    /// <summary>Most sequences that the runtime batches; a full KV cache may allow fewer.</summary>
    public double MaxConcurrency { get; init; } = double.NaN;

    /// <summary>Prompt tokens per second that the GPU can process.</summary>
    public double PrefillTokensPerSecond { get; init; } = double.NaN;

    /// <summary>Generated tokens per second over all sequences of a full batch.</summary>
    public double DecodeTokensPerSecond { get; init; } = double.NaN;

    /// <summary>Time per output token of a sequence that runs alone, in seconds.</summary>
    public double MinSecondsPerToken { get; init; } = double.NaN;

    /// <summary>Round-trip time to the node in seconds, measured.</summary>
    public double RttSeconds { get; init; } = double.NaN;

    /// <summary>What is known of the node's network; null when nothing is.</summary>
    public NodePlace? Place { get; init; }

    /// <summary>Seconds until the model answers: 0 when it is resident, not finite when nobody knows.</summary>
    public double ColdStartSeconds { get; init; }

    /// <summary>Price of the node's GPUs for this target in US dollars per hour.</summary>
    public double PricePerHour { get; init; } = double.NaN;

    /// <summary>When the reading was taken, UTC ticks; 0 when there is none.</summary>
    public long SampledAtTicks { get; init; }
}

/// <summary>
/// All targets of one model as a struct of arrays, in the fixed order of cell id, node id, endpoint. Immutable but for
/// <see cref="Local"/>, whose counters are live, unless one owner tracks it (<see cref="Track"/>) and updates it in place.
/// </summary>
public sealed class TargetSet
{
    private const int MaxOrigins = 64;

    private readonly NodePlace?[]? _places;
    private OriginDistances[] _distances = [];

    /// <summary>Builds the set; rows may come in any order.</summary>
    /// <exception cref="ArgumentException">Two rows have the same node and endpoint.</exception>
    public TargetSet(string model, IEnumerable<TargetRow> rows)
        : this(model, Sorted(model, rows), null)
    {
    }

    /// <summary>The set of a recording.</summary>
    /// <param name="model">Model name.</param>
    /// <param name="sorted">Rows in the order of a set.</param>
    /// <param name="baseline">The counters as they were when each reading was taken; null takes them from the history of the counters.</param>
    internal TargetSet(string model, TargetRow[] sorted, LoadBaseline[]? baseline)
    {
        Model = model;
        Identity = Array.ConvertAll(sorted, r => r.Identity);
        Local = Array.ConvertAll(sorted, r => r.Local);
        Standing = Array.ConvertAll(sorted, r => r.Standing);
        Running = Array.ConvertAll(sorted, r => r.Running);
        Waiting = Array.ConvertAll(sorted, r => r.Waiting);
        KvCacheUsage = Array.ConvertAll(sorted, r => r.KvCacheUsage);
        MaxConcurrency = Array.ConvertAll(sorted, r => r.MaxConcurrency);
        PrefillTokensPerSecond = Array.ConvertAll(sorted, r => r.PrefillTokensPerSecond);
        DecodeTokensPerSecond = Array.ConvertAll(sorted, r => r.DecodeTokensPerSecond);
        MinSecondsPerToken = Array.ConvertAll(sorted, r => r.MinSecondsPerToken);
        RttSeconds = Array.ConvertAll(sorted, r => r.RttSeconds);
        if (Array.Exists(sorted, r => r.Place is not null)) _places = Array.ConvertAll(sorted, r => r.Place);
        ColdStartSeconds = Array.ConvertAll(sorted, r => r.ColdStartSeconds);
        PricePerHour = Array.ConvertAll(sorted, r => r.PricePerHour);
        SampledAtTicks = Array.ConvertAll(sorted, r => r.SampledAtTicks);
        Baseline = baseline ?? Array.ConvertAll(sorted, r => r.Local.At(r.SampledAtTicks));
        Cost = [.. sorted.Zip(Baseline, (row, baseline) => new TargetCost(row, baseline))];
    }

    private TargetSet(TargetSet of, LocalLoad[] local)
    {
        Model = of.Model;
        Identity = of.Identity;
        Local = local;
        Standing = of.Standing;
        Running = of.Running;
        Waiting = of.Waiting;
        KvCacheUsage = of.KvCacheUsage;
        MaxConcurrency = of.MaxConcurrency;
        PrefillTokensPerSecond = of.PrefillTokensPerSecond;
        DecodeTokensPerSecond = of.DecodeTokensPerSecond;
        MinSecondsPerToken = of.MinSecondsPerToken;
        RttSeconds = of.RttSeconds;
        _places = of._places;
        _distances = Volatile.Read(ref of._distances);
        ColdStartSeconds = of.ColdStartSeconds;
        PricePerHour = of.PricePerHour;
        SampledAtTicks = of.SampledAtTicks;
        Baseline = of.Baseline;
        Cost = of.Cost;
        Routers = of.Routers;
    }

    private static TargetRow[] Sorted(string model, IEnumerable<TargetRow> rows)
    {
        var sorted = rows.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Identity.CellId, b.Identity.CellId) is var byCell and not 0 ? byCell
            : string.CompareOrdinal(a.Identity.NodeId, b.Identity.NodeId) is var byNode and not 0 ? byNode
            : string.CompareOrdinal(a.Identity.Endpoint, b.Identity.Endpoint));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Identity.NodeId == sorted[i - 1].Identity.NodeId && sorted[i].Identity.Endpoint == sorted[i - 1].Identity.Endpoint)
                throw new ArgumentException($"Target {sorted[i].Identity.NodeId} {sorted[i].Identity.Endpoint} stands twice in model {model}.", nameof(rows));
        }
        return sorted;
    }

    /// <summary>Model name that the targets serve.</summary>
    public string Model { get; }

    /// <summary>Number of targets.</summary>
    public int Count => Identity.Length;

    /// <summary>Identity of each target.</summary>
    public TargetIdentity[] Identity { get; }

    /// <summary>Live counters of each target.</summary>
    public LocalLoad[] Local { get; }

    /// <summary>The live counters as they were when each reading was taken.</summary>
    public LoadBaseline[] Baseline { get; }

    /// <summary>What of a target goes into its price.</summary>
    internal TargetCost[] Cost { get; }

    /// <summary>See <see cref="TargetRow.Standing"/>.</summary>
    public FilterReason[] Standing { get; }

    /// <summary>Routers that send requests to these targets, 1 or more.</summary>
    public int Routers { get; init; } = 1;

    /// <summary>See <see cref="TargetRow.Running"/>.</summary>
    public double[] Running { get; }

    /// <summary>See <see cref="TargetRow.Waiting"/>.</summary>
    public double[] Waiting { get; }

    /// <summary>See <see cref="TargetRow.KvCacheUsage"/>.</summary>
    public double[] KvCacheUsage { get; }

    /// <summary>See <see cref="TargetRow.MaxConcurrency"/>.</summary>
    public double[] MaxConcurrency { get; }

    /// <summary>See <see cref="TargetRow.PrefillTokensPerSecond"/>.</summary>
    public double[] PrefillTokensPerSecond { get; }

    /// <summary>See <see cref="TargetRow.DecodeTokensPerSecond"/>.</summary>
    public double[] DecodeTokensPerSecond { get; }

    /// <summary>See <see cref="TargetRow.MinSecondsPerToken"/>.</summary>
    public double[] MinSecondsPerToken { get; }

    /// <summary>See <see cref="TargetRow.RttSeconds"/>.</summary>
    public double[] RttSeconds { get; }

    /// <summary>See <see cref="TargetRow.ColdStartSeconds"/>.</summary>
    public double[] ColdStartSeconds { get; }

    /// <summary>See <see cref="TargetRow.PricePerHour"/>.</summary>
    public double[] PricePerHour { get; }

    /// <summary>See <see cref="TargetRow.SampledAtTicks"/>; of a tracked set, <see cref="SampledAt"/> is what counts.</summary>
    public long[] SampledAtTicks { get; }

    /// <summary>A name of each target as a number, the same on every router; made when it is first asked for.</summary>
    internal ulong[] Keys => field ??= Array.ConvertAll(Identity, static i => BlockHash.Mix(BlockHash.Name(i.NodeId), BlockHash.Name(i.Endpoint)));

    /// <summary>Order of search of a tracked set; null for an immutable one, which is searched as it stands.</summary>
    internal SlotOrder? Order { get; private set; }

    /// <summary>What is kept up to date of a tracked set; null for an immutable one.</summary>
    internal TargetIndex? Index { get; private set; }

    /// <summary>Whether one owner updates the set in place.</summary>
    public bool IsTracked => Index is not null;

    /// <summary>
    /// The set with the live counters as they are now: what is decided on it later sees what a decision of this moment sees, but for changes that others make while the counters are read.
    /// Everything else is shared.
    /// </summary>
    /// <exception cref="InvalidOperationException">The set is tracked: its readings go on changing too.</exception>
    public TargetSet WithCountersOfNow()
    {
        if (IsTracked) throw new InvalidOperationException("A tracked set is updated in place.");
        // Most targets of a large fleet never got a request from this router.
        var untouched = new LocalLoad();
        return new(this, Array.ConvertAll(Local, local => local.Dispatched == 0 && local.AnsweredTicks == 0 ? untouched : local.Copy()));
    }

    /// <summary>
    /// Makes the set one that a single owner updates in place and decides on, on one thread: decisions then cost what they look at, not what there is.
    /// From here on the owner calls <see cref="Update"/> for each reading and <see cref="LocalChanged"/> after each change of a counter in <see cref="Local"/>.
    /// </summary>
    public void Track()
    {
        Order ??= new(this);
        Index ??= new(this);
    }

    /// <summary>Takes a newer reading of one target in.</summary>
    /// <exception cref="InvalidOperationException">The set is not tracked.</exception>
    public void Update(int target, in TargetReading reading) => Restore(target, reading, Local[target].At(reading.SampledAtTicks));

    /// <summary>The same with the counter as it was when the reading was taken.</summary>
    internal void Restore(int target, in TargetReading reading, LoadBaseline baseline)
    {
        var index = Index ?? throw new InvalidOperationException("Only a tracked set can be updated.");
        Running[target] = reading.Running;
        Waiting[target] = reading.Waiting;
        KvCacheUsage[target] = reading.KvCacheUsage;
        SampledAtTicks[target] = reading.SampledAtTicks;
        Standing[target] = reading.Standing;
        ColdStartSeconds[target] = reading.ColdStartSeconds;
        Baseline[target] = baseline;
        Cost[target] = Cost[target].With(reading, Baseline[target]);
        index.Changed(target);
    }

    /// <summary>
    /// A cell reported: of its targets nothing has changed but the age of their readings, except for those that are held (<see cref="Hold"/>). Costs next to nothing, however many there
    /// are. News that is older than the last counts for nothing.
    /// </summary>
    /// <param name="cell">Number of the cell in the order of the set, from 0.</param>
    /// <param name="sampledAtTicks">When they were as they last said, UTC ticks.</param>
    /// <exception cref="InvalidOperationException">The set is not tracked.</exception>
    public void Refresh(int cell, long sampledAtTicks)
    {
        var index = Index ?? throw new InvalidOperationException("Only a tracked set can be updated.");
        if (index.Cells.Refresh(cell, sampledAtTicks)) index.Refreshed(cell, sampledAtTicks);
    }

    /// <summary>The target is no longer as it last said: its reading grows old, whatever its cell reports, until it is released.</summary>
    /// <exception cref="InvalidOperationException">The set is not tracked.</exception>
    public void Hold(int target)
    {
        var index = Index ?? throw new InvalidOperationException("Only a tracked set can be updated.");
        SampledAtTicks[target] = index.Cells.SampledAt(target, SampledAtTicks[target]);
        index.Cells.Follow(target, false);
        index.Held(target);
    }

    /// <summary>The target is as it last said: reports of its cell keep its reading young.</summary>
    /// <exception cref="InvalidOperationException">The set is not tracked.</exception>
    public void Release(int target)
    {
        var index = Index ?? throw new InvalidOperationException("Only a tracked set can be updated.");
        index.Cells.Follow(target, true);
        index.Changed(target);
    }

    /// <summary>When the target was last known to be as it is here, UTC ticks; 0 when nobody knows.</summary>
    public long SampledAt(int target) => Index is { } index ? index.Cells.SampledAt(target, SampledAtTicks[target]) : SampledAtTicks[target];

    /// <summary>Tells a tracked set that a counter of the target changed.</summary>
    public void LocalChanged(int target) => Index?.Changed(target);

    /// <summary>
    /// Requests on the target now: what the reading said plus what this router dispatched and minus what it settled since, at
    /// least what this router itself has in flight. Unknown readings count as zero here; their age is priced elsewhere. Finite and
    /// never negative, whatever the reading says.
    /// </summary>
    public double Load(int target)
    {
        var local = Local[target].Requests;
        return Math.Max(local, Cost[target].LoadBeyondLocal + local);
    }

    /// <summary>Requests that this router has dispatched to the target since its reading, less those it has settled; 0 when that is less.</summary>
    public int AddedSinceReading(int target) => Math.Max(0, Local[target].Requests - Cost[target].LocalAtReading);

    /// <summary>
    /// Sequences that the target batches, 1 or more; the figure of <see cref="CostModel.Fallback"/> when it is unknown. Where requests wait for room in the KV cache, what runs is the batch.
    /// </summary>
    public double BatchSize(int target) => Cost[target].BatchSize;

    /// <summary>Seconds until the target is done with the prompts that this router has sent it.</summary>
    public double PrefillBacklogSeconds(int target, long nowTicks) => Math.Max(0, Local[target].PrefillUntilTicks - nowTicks) / (double)TimeSpan.TicksPerSecond;

    /// <summary>Age of the reading in seconds; <see cref="double.PositiveInfinity"/> when there is none.</summary>
    public double AgeSeconds(int target, long nowTicks) =>
        SampledAt(target) is var at && at == 0 ? double.PositiveInfinity : Math.Max(0, nowTicks - at) / (double)TimeSpan.TicksPerSecond;

    /// <summary>Link class between the origin of a request and the target.</summary>
    public LinkClass Link(int target, in Origin origin) => LinkClasses.Between(origin, Identity[target].Zone, Identity[target].Region, Identity[target].Rack, Identity[target].NodeId);

    /// <summary>What is known of the network of a target's node; null when nothing is.</summary>
    internal NodePlace? PlaceOf(int target) => _places?[target];

    /// <summary>The ways from a place to the targets; null when nothing is known of them beyond <see cref="RttSeconds"/>.</summary>
    internal OriginDistances? DistancesFrom(OriginPlace? place)
    {
        if (place is null || _places is null) return null;
        // Few places send requests, and a set lives for moments: a short list beats a dictionary.
        foreach (var one in Volatile.Read(ref _distances))
        {
            if (one.Place.Version == place.Version && one.Place.Name == place.Name) return one;
        }
        return Measure(place, _places);
    }

    // Apart from the look above, which must allocate nothing.
    private OriginDistances Measure(OriginPlace place, NodePlace?[] places)
    {
        var distances = new OriginDistances(place, places);
        Volatile.Write(ref _distances, [.. _distances.Where(d => d.Place.Name != place.Name).TakeLast(MaxOrigins - 1), distances]);
        return distances;
    }

    /// <summary>A reading, or what stands in for one that is unknown. No quantity here can be negative: such a reading is a mistake, not a bargain.</summary>
    internal static double Or(double value, double fallback) => double.IsFinite(value) && value >= 0 ? value : fallback;
}
