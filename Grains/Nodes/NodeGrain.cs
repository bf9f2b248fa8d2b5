using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Events;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace InferMesh.Grains.Nodes;

/// <inheritdoc cref="INodeGrain"/>
[GrainType("node"), ImplicitStreamSubscription(MeshStreams.NodeTelemetry)]
internal sealed partial class NodeGrain(
    [PersistentState("node")] IPersistentState<NodeState> state, TimeProvider time, HealthRules rules, EventSink events, ILogger<NodeGrain> logger)
    : Grain, INodeGrain, IStreamSubscriptionObserver, IAsyncObserver<NodeTelemetry>
{
    // Others may find the same fault in a hurry.
    private const int MaxReported = 8;

    private readonly List<NodeFault> _reported = [];
    private NodeTelemetryFold _telemetry = new();
    private FaultWatch? _watch;
    private DateTimeOffset _knownSince = time.GetUtcNow();
    private DateTimeOffset _healthSince = time.GetUtcNow();
    private NodeHealth _health = NodeHealth.Joining;
    private HashSet<string>? _models;
    private bool _drainAnnounced;
    private (string Id, ICellSummaryGrain Grain)? _cell;
    private Task? _reporting;
    private bool _reportAgain;

    private string NodeId => this.GetPrimaryKeyString();

    public async Task<NodeCommandResult> Register(NodeRegistration registration, string actor)
    {
        if (NodeValidator.Check(registration) is { Count: > 0 } errors) return new(NodeCommandStatus.Invalid, null, errors);
        if (registration.NodeId != NodeId) return new(NodeCommandStatus.Invalid, null, [new("nodeId", $"'{registration.NodeId}' is not '{NodeId}'.")]);

        var before = state.State.Registration;
        if (before is null || !Same(before, registration))
        {
            // A move that has not left an older cell yet goes on with that one first.
            await FinishLeavingAsync();
            await ChangeAsync(s => (s.Registration, s.FormerCell) = (registration, before is not null && before.CellId != registration.CellId ? before.CellId : ""));
            if (before is null)
            {
                // What a former life of the node has reported says nothing about this one.
                (_telemetry, _knownSince, _models, _watch) = (new(), time.GetUtcNow(), [], null);
                events.Post(EventTypes.NodeJoined, NodeId, actor, ("cell", registration.CellId), ("synthetic", registration.Synthetic ? "true" : "false"));
            }
        }
        // Also when nothing changed: an earlier call may have died between its writes.
        await FinishLeavingAsync();
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(registration.CellId)).Add(NodeId);
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).Add(registration.CellId);
        ReportToCell();
        return Accepted();
    }

    public Task<NodeCommandResult> Cordon(string reason, string actor) => CommandAsync("cordon", actor, s =>
    {
        (s.Cordoned, s.Draining, s.Maintained, s.Reason) = (true, false, false, reason);
    });

    public Task<NodeCommandResult> Uncordon(string actor) => CommandAsync("uncordon", actor, s =>
    {
        (s.Cordoned, s.Draining, s.Maintained, s.Quarantine, s.Reason) = (false, false, false, new(), "");
    });

    public Task<NodeCommandResult> Quarantine(string reason, string actor) => CommandAsync("quarantine", actor, s =>
    {
        s.Quarantine = QuarantineMachine.ByOperator(s.Quarantine, reason, time.GetUtcNow());
    });

    public Task<NodeCommandResult> Maintain(string reason, string actor)
    {
        // What is found afterwards is not to be compared with what was there before.
        _watch = null;
        return CommandAsync("maintain", actor, s =>
        {
            (s.Maintained, s.Cordoned, s.Draining, s.Quarantine, s.Reason) = (true, false, false, new(), reason);
        });
    }

    public Task ReportFault(NodeFault fault)
    {
        if (_reported.Count < MaxReported) _reported.Add(fault);
        return Task.CompletedTask;
    }

    public Task<NodeCommandResult> Drain(bool force, TimeSpan timeout, string actor)
    {
        if (timeout <= TimeSpan.Zero || timeout > TimeSpan.FromDays(1))
            return Task.FromResult(new NodeCommandResult(NodeCommandStatus.Invalid, null, [new("timeoutSeconds", "must be 1 to 86400.")]));
        var now = time.GetUtcNow();
        _drainAnnounced = false;
        return CommandAsync("drain", actor, s =>
        {
            (s.Draining, s.Maintained, s.DrainForced, s.DrainStarted, s.DrainDeadline, s.Reason) = (true, false, force, now, now + timeout, "drain");
        });
    }

    public async Task<NodeCommandResult> Remove(bool force, string actor)
    {
        if (state.State.Registration is not { } registration)
        {
            if (state.State.FormerCell.Length == 0) return NotFound();
            await FinishLeavingAsync();
            return new(NodeCommandStatus.Accepted, null, []);
        }
        if (!force && Health() is not (NodeHealth.Offline or NodeHealth.Joining or NodeHealth.Maintenance) && !Drained())
            return new(NodeCommandStatus.Conflict, View(), [new("", $"Node {NodeId} is live: drain it first, or remove it by force.")]);
        await FinishLeavingAsync();
        await ChangeAsync(s => (s.Registration, s.Cordoned, s.Draining, s.Maintained, s.Quarantine, s.Reason, s.FormerCell) = (null, false, false, false, new(), "", registration.CellId));
        events.Post(EventTypes.NodeLeft, NodeId, actor, ("cell", registration.CellId));
        await FinishLeavingAsync();
        return new(NodeCommandStatus.Accepted, null, []);
    }

    public Task<NodeView?> Get() => Task.FromResult(state.State.Registration is null ? null : View());

    public Task<NodeSummary?> Summarize() => Task.FromResult(Summary());

    // The stream's own position means nothing here: telemetry is last-value-wins and carries its own numbers.
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<NodeTelemetry>().ResumeAsync(this);

    public async Task OnNextAsync(NodeTelemetry item, StreamSequenceToken? token = null)
    {
        if (state.State.Registration is null)
        {
            NodeMetrics.Dropped.Add(1, new KeyValuePair<string, object?>("reason", "not_registered"));
            return;
        }
        if (!_telemetry.Take(item))
        {
            NodeMetrics.Dropped.Add(1, new KeyValuePair<string, object?>("reason", "not_newer"));
            return;
        }
        NodeMetrics.Taken.Add(1);
        NodeMetrics.SignalAge.Record((time.GetUtcNow() - item.SampledAt).TotalSeconds);
        AnnounceModels();
        AnnounceDrain();
        var change = Judge(item);
        ReportToCell();
        await change;
    }

    public Task OnErrorAsync(Exception ex)
    {
        StreamFailed(NodeId, ex.Message);
        return Task.CompletedTask;
    }

    private async Task<NodeCommandResult> CommandAsync(string command, string actor, Action<NodeState> change)
    {
        if (state.State.Registration is null) return NotFound();
        var before = Health();
        await ChangeAsync(change);
        var after = Health();
        Commanded(NodeId, command, actor);
        if (before != after) events.Post(EventTypes.NodeHealthChanged, NodeId, actor, ("from", Name(before)), ("to", Name(after)));
        ReportToCell();
        return Accepted();
    }

    /// <summary>Writes the changed state; when the write fails, nothing has changed here either.</summary>
    private async Task ChangeAsync(Action<NodeState> change)
    {
        var before = state.State.Copy();
        change(state.State);
        state.State.Version++;
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            throw;
        }
    }

    /// <summary>Makes the cell that the node has left forget it. May be repeated: what an earlier call did not get done is done now.</summary>
    private async Task FinishLeavingAsync()
    {
        var cell = state.State.FormerCell;
        if (cell.Length == 0) return;
        // A summary that is still on its way would bring the node back.
        if (_reporting is { } underWay) await underWay;
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(cell)).Remove(NodeId);
        await GrainFactory.GetGrain<ICellSummaryGrain>(cell).Forget(NodeId);
        state.State.FormerCell = "";
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State.FormerCell = cell;
            throw;
        }
    }

    /// <summary>Sends the newest summary; while one is under way, later ones share the next.</summary>
    private void ReportToCell()
    {
        if (_reporting is { IsCompleted: false }) _reportAgain = true;
        else _reporting = ReportAsync();
    }

    private async Task ReportAsync()
    {
        do
        {
            _reportAgain = false;
            if (Summary() is not { } summary) return;
            try
            {
                await Cell(summary.Registration.CellId).Report(summary);
            }
            catch (Exception e)
            {
                // The next reading reports again; a cell that moved rebuilds from its nodes.
                CellMissed(NodeId, summary.Registration.CellId, e.Message);
                return;
            }
        }
        while (_reportAgain);
    }

    // Once per move, not once per reading: to make a reference costs more than to call it.
    private ICellSummaryGrain Cell(string id)
    {
        if (_cell?.Id != id) _cell = (id, GrainFactory.GetGrain<ICellSummaryGrain>(id));
        return _cell.Value.Grain;
    }

    /// <summary>Looks for faults. What comes of them is in force at once, and stored when the task ends.</summary>
    private async Task Judge(NodeTelemetry item)
    {
        var s = state.State;
        NodeFault[] faults = rules.Faults.Enabled && !s.Maintained ? [.. (_watch ??= new(s.SeenXids)).Look(item, rules.Faults), .. _reported] : [];
        _reported.Clear();
        var next = QuarantineMachine.Next(s.Quarantine, faults, time.GetUtcNow(), rules.Faults);
        if (ReferenceEquals(next, s.Quarantine)) return;
        if (next.Current is { Probing: false } now) Quarantined(NodeId, now.Until, now.Fault.Kind, now.Fault.Subject, now.Fault.Evidence);
        (s.Quarantine, s.Version) = (next, s.Version + 1);
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e)
        {
            // A bad node stays out even when nobody can write it down.
            NotStored(NodeId, e.Message);
        }
    }

    private void AnnounceModels()
    {
        var now = _telemetry.Runtimes.SelectMany(r => r.Models).Where(m => m.Loaded).Select(m => m.Model).ToHashSet(StringComparer.Ordinal);
        if (_models is { } before && !before.SetEquals(now))
        {
            foreach (var model in now.Except(before)) events.Post(EventTypes.ModelLoaded, model, "", ("node", NodeId));
            foreach (var model in before.Except(now)) events.Post(EventTypes.ModelUnloaded, model, "", ("node", NodeId));
        }
        _models = now;
    }

    private void AnnounceDrain()
    {
        if (_drainAnnounced || !Drained()) return;
        _drainAnnounced = true;
        events.Post(EventTypes.NodeDrained, NodeId, "", ("work", (_telemetry.Work ?? 0).ToString("0", System.Globalization.CultureInfo.InvariantCulture)));
    }

    private bool Drained()
    {
        var s = state.State;
        if (!s.Draining) return false;
        return _telemetry.IdleAfter(s.DrainStarted) || (s.DrainForced && time.GetUtcNow() >= s.DrainDeadline);
    }

    private NodeHealth Health()
    {
        var now = time.GetUtcNow();
        var health = HealthMachine.Evaluate(Summary()!, _knownSince, now, rules.Silence);
        if (health != _health) (_health, _healthSince) = (health, now);
        return health;
    }

    private NodeSummary? Summary() => state.State.Registration is not { } registration ? null : new()
    {
        Registration = registration,
        Version = state.State.Version,
        Cordoned = state.State.Cordoned,
        Draining = state.State.Draining,
        Epoch = _telemetry.Mark.Epoch,
        Sequence = _telemetry.Mark.Sequence,
        SampledAt = _telemetry.SampledAt,
        Gpus = _telemetry.Totals(),
        Runtimes = _telemetry.Runtimes,
        RttMs = _telemetry.RttMs,
        Network = _telemetry.Network,
        Maintained = state.State.Maintained,
        Quarantine = state.State.Quarantine.Current,
    };

    private NodeView View() => new()
    {
        Registration = state.State.Registration!,
        Health = Health(),
        HealthSince = _healthSince,
        Version = state.State.Version,
        Reason = state.State.Reason,
        SampledAt = _telemetry.SampledAt,
        DrainDeadline = state.State.Draining ? state.State.DrainDeadline : null,
        Drained = Drained(),
        Gpus = _telemetry.Gpus,
        Runtimes = _telemetry.Runtimes,
        RttMs = _telemetry.RttMs,
        Epoch = Math.Max(0, _telemetry.Mark.Epoch),
        Sequence = Math.Max(0, _telemetry.Mark.Sequence),
        DroppedBatches = _telemetry.Dropped,
        Quarantine = state.State.Quarantine.Current,
        GpusSampledAt = _telemetry.GpusSampledAt,
        RuntimesSampledAt = _telemetry.RuntimesSampledAt,
        Network = _telemetry.Network,
        Storage = _telemetry.Storage,
    };

    private NodeCommandResult Accepted() => new(NodeCommandStatus.Accepted, View(), []);

    private NodeCommandResult NotFound() => new(NodeCommandStatus.NotFound, null, [new("", $"Node {NodeId} is not registered.")]);

    private static string Name(NodeHealth health) => health.ToString().ToLowerInvariant();

    private static bool Same(NodeRegistration a, NodeRegistration b) =>
        a with { Labels = b.Labels, Roles = b.Roles } == b && a.Roles.SequenceEqual(b.Roles)
        && a.Labels.Count == b.Labels.Count && a.Labels.All(l => b.Labels.TryGetValue(l.Key, out var v) && v == l.Value);

    [LoggerMessage(LogLevel.Information, "Node {Node}: {Command} by {Actor}")]
    private partial void Commanded(string node, string command, string actor);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: telemetry stream failed: {Reason}")]
    private partial void StreamFailed(string node, string reason);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: in quarantine until {Until:O}: {Kind} {Subject}: {Evidence}")]
    private partial void Quarantined(string node, DateTimeOffset until, FaultKind kind, string subject, string evidence);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: its quarantine is in force but not stored: {Reason}")]
    private partial void NotStored(string node, string reason);

    [LoggerMessage(LogLevel.Debug, "Node {Node}: cell {Cell} did not take its summary: {Reason}")]
    private partial void CellMissed(string node, string cell, string reason);
}
