using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Options;
using InferMesh.Strategies.Models;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Models;

/// <summary>
/// Serving's side of the capacity ledgers: GPUs of nodes on which models are loaded or about to be are claimed, those of nodes without are lent to training, and called back when a model has
/// no other place.
/// </summary>
internal sealed partial class ServingCapacity(IGrainFactory grains, TimeProvider time, IOptionsMonitor<JobSettings> settings, ILogger<ServingCapacity> logger)
{
    private const string Holder = "serving";

    /// <summary>Longer than any load: whoever plans renews it.</summary>
    private static readonly TimeSpan ClaimLimit = TimeSpan.FromMinutes(15);

    /// <summary>Who has GPUs of which node.</summary>
    public async Task<CapacityShares> ReadAsync(IReadOnlyList<CellSnapshot> cells)
    {
        var shares = new CapacityShares([], [], []);
        foreach (var cell in cells)
        {
            foreach (var claim in (await grains.GetGrain<ICapacityLedgerGrain>(cell.CellId).List()).Claims)
            {
                if (claim.Kind == ClaimKind.Serving && claim.Gpus is [var own]) shares.Until[own.Node] = claim.Until;
                foreach (var gpus in claim.Gpus) (claim.Kind == ClaimKind.Training ? shares.Lent : shares.Claimed)[gpus.Node] = cell.CellId;
            }
        }
        return shares;
    }

    /// <summary>The fleet as training leaves it: nothing new goes to nodes of which it has GPUs.</summary>
    public static MeshFleet Without(MeshFleet fleet, CapacityShares shares) =>
        shares.Lent.Count == 0 ? fleet : fleet with { Nodes = [.. fleet.Nodes.Select(n => shares.Lent.ContainsKey(n.Id) ? n with { Ready = false } : n)] };

    /// <summary>Claims anew what serving uses: nodes on which models are loaded, or something is under way.</summary>
    public async Task RenewAsync(FleetReadings readings, CapacityShares shares)
    {
        var soon = time.GetUtcNow() + (ClaimLimit / 3);
        foreach (var view in readings.Controlled.Where(v => v.Gpus.Count > 0 && !(shares.Until.GetValueOrDefault(v.Registration.NodeId) > soon)))
        {
            var node = view.Registration.NodeId;
            var uses = view.Runtimes.Any(static r => r.Models.Any(static m => m.Loaded)) || (readings.Commands.TryGetValue(node, out var commands) && commands.UnderWay.Count > 0);
            if (uses && !shares.Lent.ContainsKey(node)) await ClaimAsync(view);
        }
    }

    /// <summary>Claims the GPUs of nodes to which a plan brings models; what training got first stays out of it.</summary>
    public async Task<IReadOnlyList<PlannedAction>> ClaimAsync(IReadOnlyList<PlannedAction> actions, IReadOnlyList<NodeView> controlled)
    {
        var views = controlled.ToDictionary(static v => v.Registration.NodeId, StringComparer.Ordinal);
        var refused = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in actions.Where(static a => a.Operation is ModelOperation.Load or ModelOperation.Wake).Select(static a => a.Node).Distinct(StringComparer.Ordinal))
        {
            if (!views.TryGetValue(node, out var view) || view.Gpus.Count == 0) continue;
            var answer = await ClaimAsync(view);
            if (answer.Accepted) continue;
            refused.Add(node);
            NotClaimed(node, answer.Reason);
        }
        return refused.Count == 0 ? actions : [.. actions.Where(a => !refused.Contains(a.Node))];
    }

    private Task<ClaimResult> ClaimAsync(NodeView view) => grains.GetGrain<ICapacityLedgerGrain>(view.Registration.CellId).Claim(new()
    {
        Claim = $"{Holder}-{view.Registration.NodeId}",
        Kind = ClaimKind.Serving,
        Holder = Holder,
        Gpus = [new(view.Registration.NodeId, [.. view.Gpus.Where(static g => !g.Lost).Select(static g => g.GpuUuid)])],
        Until = time.GetUtcNow() + ClaimLimit,
    });

    /// <summary>Gives back what serving claimed of nodes that have nothing loaded and nothing under way: it may be lent.</summary>
    /// <param name="readings">The fleet.</param>
    /// <param name="shares">Who has GPUs of which node.</param>
    /// <param name="coming">What is about to be done: its nodes stay claimed.</param>
    public async Task ReleaseAsync(FleetReadings readings, CapacityShares shares, IReadOnlyList<PlannedAction> coming)
    {
        var busy = coming.Select(static a => a.Node).ToHashSet(StringComparer.Ordinal);
        foreach (var node in readings.Controlled.Where(v => !busy.Contains(v.Registration.NodeId) && shares.Claimed.ContainsKey(v.Registration.NodeId) && !v.Runtimes.Any(static r => r.Models.Any(static m => m.Loaded))).Select(static v => v.Registration.NodeId))
        {
            if (readings.Commands.TryGetValue(node, out var commands) && commands.UnderWay.Count == 0) await grains.GetGrain<ICapacityLedgerGrain>(shares.Claimed[node]).Release($"{Holder}-{node}");
        }
    }

    /// <summary>Calls back the nodes on which the replicas would go that have no place otherwise.</summary>
    /// <param name="demands">All models.</param>
    /// <param name="fleet">The fleet as if nothing were lent.</param>
    /// <param name="shares">Who has GPUs of which node.</param>
    public async Task ReclaimAsync(IEnumerable<ModelDemand> demands, MeshFleet fleet, CapacityShares shares)
    {
        var wanted = ModelPlanner.Plan(demands, fleet.Nodes).Actions.Where(a => a.Operation is ModelOperation.Load or ModelOperation.Wake && shares.Lent.ContainsKey(a.Node)).Select(static a => a.Node).Distinct(StringComparer.Ordinal);
        foreach (var node in wanted)
        {
            var claims = await grains.GetGrain<ICapacityLedgerGrain>(shares.Lent[node]).Reclaim(node, time.GetUtcNow() + settings.CurrentValue.ReclaimAfter);
            if (claims.Count > 0) Reclaimed(node, string.Join(", ", claims.Select(static c => c.Holder)));
        }
    }

    [LoggerMessage(LogLevel.Information, "Node {Node} gets no model now: {Reason}")]
    private partial void NotClaimed(string node, string reason);

    [LoggerMessage(LogLevel.Information, "Serving wants node {Node} back from {Jobs}")]
    private partial void Reclaimed(string node, string jobs);
}

/// <summary>Nodes whose GPUs are claimed, each with its cell.</summary>
/// <param name="Lent">Those of which training has some.</param>
/// <param name="Claimed">Those of which serving has some.</param>
/// <param name="Until">Until when serving has those.</param>
internal sealed record CapacityShares(Dictionary<string, string> Lent, Dictionary<string, string> Claimed, Dictionary<string, DateTimeOffset> Until);
