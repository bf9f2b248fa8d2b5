using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Common;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Cells;

/// <inheritdoc cref="ICellSummaryGrain"/>
[GrainType("cell-summary"), KeepAlive]
internal sealed partial class CellSummaryGrain(
    TimeProvider time, HealthRules rules, IOptions<RoutingSettings> routing, ILogger<CellSummaryGrain> logger)
    : Grain, ICellSummaryGrain
{
    private const int RebuildParallelism = 64;

    private readonly CellMembers _members = new();
    private readonly LatencyOutliers _outliers = new();
    private readonly ChangeSignal _newer = new(time);
    private long _incarnation;
    private CellSnapshot _snapshot = null!;
    private HealthNotes _notes = null!;
    private Task _rebuilt = Task.CompletedTask;
    private bool _dirty;

    private string CellId => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _incarnation = time.GetUtcNow().UtcTicks;
        _snapshot = _members.Snapshot(CellId, _incarnation, 0, time.GetUtcNow());
        _notes = new(GrainFactory.GetGrain<ICellJournalGrain>(CellId), CellId, _incarnation, logger);
        // Not awaited: nodes that are still reporting must get in meanwhile.
        _rebuilt = RebuildAsync();
        this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(routing.Value.SnapshotPeriod, routing.Value.SnapshotPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _newer.Pulse();
        FleetMetrics.Hide(this);
        return Task.CompletedTask;
    }

    public Task Report(NodeSummary summary)
    {
        if (_members.Take(summary, time.GetUtcNow())) _dirty = true;
        return Task.CompletedTask;
    }

    public Task Forget(string nodeId)
    {
        if (_members.Remove(nodeId))
        {
            _notes.Add(nodeId, null, null, time.GetUtcNow());
            Publish();
        }
        return Task.CompletedTask;
    }

    public async Task<CellSnapshot?> WaitForNewer(long incarnation, long version, TimeSpan wait)
    {
        await _rebuilt;
        if (_snapshot.Incarnation == incarnation && _snapshot.Version == version) await _newer.WaitAsync(wait);
        return _snapshot.Incarnation == incarnation && _snapshot.Version == version ? null : _snapshot;
    }

    public async Task<CellSnapshot> Snapshot()
    {
        await _rebuilt;
        return _snapshot;
    }

    private async Task RebuildAsync()
    {
        try
        {
            var names = (await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(CellId)).List()).Names;
            await Parallel.ForEachAsync(
                names,
                new ParallelOptions { MaxDegreeOfParallelism = RebuildParallelism, TaskScheduler = TaskScheduler.Current },
                async (name, _) =>
                {
                    if (await GrainFactory.GetGrain<INodeGrain>(name).Summarize() is { } summary && summary.Registration.CellId == CellId) _members.Take(summary, time.GetUtcNow());
                });
            Publish();
            Rebuilt(CellId, _members.Count);
        }
        catch (Exception e)
        {
            // Callers keep their last snapshot and ask again: that activates the grain anew.
            RebuildFailed(CellId, e.Message);
            DeactivateOnIdle();
            throw;
        }
    }

    private Task TickAsync(CancellationToken cancellationToken)
    {
        if (!_rebuilt.IsCompletedSuccessfully) return Task.CompletedTask;
        if (_dirty | Judge()) Publish();
        _notes.Send();
        foreach (var (node, fault) in _outliers.Look(_snapshot, time.GetUtcNow(), rules.Faults)) _ = GrainFactory.GetGrain<INodeGrain>(node).ReportFault(fault);
        return Task.CompletedTask;
    }

    private void Publish()
    {
        Judge();
        _dirty = false;
        _snapshot = _members.Snapshot(CellId, _incarnation, _snapshot.Version + 1, time.GetUtcNow());
        FleetMetrics.Show(this, _snapshot, time);
        _newer.Pulse();
    }

    /// <summary>Judges the nodes and notes what changed; false when nothing did.</summary>
    private bool Judge()
    {
        var changes = _members.Judge(time.GetUtcNow(), rules.Silence, rules.Faults.MaxQuarantinedShare);
        foreach (var change in changes) _notes.Add(change.NodeId, change.To, change.Fault, time.GetUtcNow());
        return changes.Count > 0;
    }

    [LoggerMessage(LogLevel.Information, "Cell {Cell}: rebuilt from {Nodes} nodes")]
    private partial void Rebuilt(string cell, int nodes);

    [LoggerMessage(LogLevel.Warning, "Cell {Cell}: not rebuilt: {Reason}")]
    private partial void RebuildFailed(string cell, string reason);
}
