using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Events;
using Orleans.Storage;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace InferMesh.Grains.Nodes;

/// <inheritdoc cref="INodeGrain"/>
[GrainType(BackedUpTypes.Node), ImplicitStreamSubscription(MeshStreams.NodeTelemetry)]
internal sealed partial class NodeGrain(
    [PersistentState("node")] IPersistentState<NodeState> state, TimeProvider time, HealthRules rules, EventSink events, ILogger<NodeGrain> logger)
    : Grain, INodeGrain, IEventSource, IBackedUpGrain, IStreamSubscriptionObserver, IAsyncObserver<NodeTelemetry>
{
    // Others may find the same fault in a hurry.
    private const int MaxReported = 8;

    private readonly List<NodeFault> _reported = [];
    private NodeTelemetryFold _telemetry = new();
    private EventOutbox _outbox = null!;
    private FaultWatch? _watch;
    private DateTimeOffset _knownSince = time.GetUtcNow();
    private DateTimeOffset _healthSince = time.GetUtcNow();
    private NodeHealth _health = NodeHealth.Joining;
    private HashSet<string>? _models;
    private (string Id, ICellSummaryGrain Grain)? _cell;
    private Task? _reporting;
    private bool _reportAgain;

    private string NodeId => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _outbox = new(this, GrainFactory, () => state.State, time, logger);
        _outbox.Begin();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _outbox.Stop();
        GpuMetrics.Hide(this);
        return Task.CompletedTask;
    }

    public async Task Flush()
    {
        if (_outbox.IsUnsure) await ReadAgainAsync();
        await _outbox.SettleAsync(state.WriteStateAsync);
    }

    public async Task<NodeCommandResult> Register(NodeRegistration registration, string actor)
    {
        if (NodeValidator.Check(registration) is { Count: > 0 } errors) return new(NodeCommandStatus.Invalid, null, errors);
        if (registration.NodeId != NodeId) return new(NodeCommandStatus.Invalid, null, [new("nodeId", $"'{registration.NodeId}' is not '{NodeId}'.")]);

        var before = state.State.Registration;
        if (before is null || !Same(before, registration))
        {
            // A move that has not left an older cell yet goes on with that one first.
            await FinishLeavingAsync();
            await EnterAsync(registration.CellId);
            await ChangeAsync(
                s => (s.Registration, s.FormerCell) = (registration, before is not null && before.CellId != registration.CellId ? before.CellId : ""),
                _ => News(before is null ? EventTypes.NodeJoined : EventTypes.NodeChanged, actor, before is null ? "" : "registered anew", ("cell", registration.CellId), ("synthetic", registration.Synthetic ? "true" : "false")));
            // What a former life of the node has reported says nothing about this one.
            if (before is null) (_telemetry, _knownSince, _models, _watch) = (new(), time.GetUtcNow(), [], null);
        }
        // Also when nothing changed: an earlier call may have died between its writes.
        await FinishLeavingAsync();
        ReportToCell();
        return Accepted();
    }

    public Task<NodeCommandResult> Cordon(string reason, string actor) => CommandAsync("cordon", reason, actor, s =>
    {
        (s.Cordoned, s.Draining, s.Maintained, s.Reason) = (true, false, false, reason);
    });

    public Task<NodeCommandResult> Uncordon(string actor) => CommandAsync("uncordon", "", actor, s =>
    {
        (s.Cordoned, s.Draining, s.Maintained, s.Quarantine, s.Reason) = (false, false, false, new(), "");
    });

    public Task<NodeCommandResult> Quarantine(string reason, string actor) => CommandAsync("quarantine", reason, actor, s =>
    {
        s.Quarantine = QuarantineMachine.ByOperator(s.Quarantine, reason, time.GetUtcNow());
    });

    public Task<NodeCommandResult> Maintain(string reason, string actor)
    {
        // What is found afterwards is not to be compared with what was there before.
        _watch = null;
        return CommandAsync("maintain", reason, actor, s =>
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
        return CommandAsync("drain", "", actor, s =>
        {
            s.DrainAnnounced = false;
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
        await ChangeAsync(
            s => (s.Registration, s.Cordoned, s.Draining, s.Maintained, s.Quarantine, s.Reason, s.FormerCell) = (null, false, false, false, new(), "", registration.CellId),
            _ => News(EventTypes.NodeLeft, actor, "", ("cell", registration.CellId)));
        await FinishLeavingAsync();
        return new(NodeCommandStatus.Accepted, null, []);
    }

    public Task<NodeView?> Get()
    {
        // Ids can be made up by anybody: one under which nothing is stored costs no memory once it is answered.
        if (state.State.Version == 0) DeactivateOnIdle();
        return Task.FromResult(state.State.Registration is null ? null : View());
    }

    public Task<NodeSummary?> Summarize() => Task.FromResult(Summary());

    // The stream's own position means nothing here: telemetry is last-value-wins and carries its own numbers.
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<NodeTelemetry>().ResumeAsync(this);

    public async Task OnNextAsync(NodeTelemetry item, StreamSequenceToken? token = null)
    {
        if (state.State.Registration is not { } registration)
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
        GpuMetrics.Show(this, registration, _telemetry, rules.Silence.OfflineAfter, time);
        AnnounceModels();
        var change = Judge(item);
        ReportToCell();
        await change;
        await AnnounceDrainAsync();
    }

    public Task OnErrorAsync(Exception ex)
    {
        StreamFailed(NodeId, ex.Message);
        return Task.CompletedTask;
    }

    private async Task<NodeCommandResult> CommandAsync(string command, string reason, string actor, Action<NodeState> change)
    {
        if (state.State.Registration is null) return NotFound();
        var before = Evaluate();
        await ChangeAsync(change, _ => Evaluate() is var after && before != after
            ? News(EventTypes.NodeHealthChanged, actor, reason, ("from", Name(before)), ("to", Name(after)), ("command", command))
            : News(EventTypes.NodeChanged, actor, reason, ("command", command)));
        Commanded(NodeId, command, actor);
        ReportToCell();
        return Accepted();
    }

    /// <summary>Writes the changed state; when the write fails, nothing has changed here either.</summary>
    /// <param name="change">Changes the state.</param>
    /// <param name="tell">The event of the change, made of the changed state.</param>
    private async Task ChangeAsync(Action<NodeState> change, Func<NodeState, MeshEvent> tell)
    {
        await _outbox.OpenAsync();
        var before = state.State.Copy();
        change(state.State);
        state.State.Version++;
        _outbox.Put(tell(state.State) with { VersionBefore = before.Registration is null ? 0 : before.Version, VersionAfter = state.State.Registration is null ? 0 : state.State.Version });
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            _outbox.Failed();
            throw;
        }
        _outbox.Stored();
    }

    private MeshEvent News(string type, string actor, string reason, params (string Key, string Value)[] data) =>
        new() { Type = type, Subject = NodeId, Actor = actor, Reason = reason, Data = data.ToDictionary(static d => d.Key, static d => d.Value) };

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
            try
            {
                await state.WriteStateAsync();
            }
            catch (InconsistentStateException)
            {
                // Another activation has written, or a write of this one that seemed to fail was done: without its version no write of this one would ever succeed again.
                await ReadAgainAsync();
                s = state.State;
                if (QuarantineMachine.Next(s.Quarantine, faults, time.GetUtcNow(), rules.Faults) is var anew && !ReferenceEquals(anew, s.Quarantine)) (s.Quarantine, s.Version) = (anew, s.Version + 1);
                await state.WriteStateAsync();
            }
        }
        catch (Exception e)
        {
            // A bad node stays out even when nobody can write it down.
            NotStored(NodeId, e.Message);
        }
    }

    /// <summary>After a write that failed and may have been done all the same, or was not the only one.</summary>
    private async Task ReadAgainAsync()
    {
        var before = state.State;
        await state.ReadStateAsync();
        // A quarantine that nobody could write down stays in force, and no version goes back.
        if (before.Version > state.State.Version) (state.State.Quarantine, state.State.Version) = (before.Quarantine, before.Version);
        _outbox.Begin();
        ReportToCell();
    }

    private void AnnounceModels()
    {
        var now = _telemetry.Runtimes.SelectMany(r => r.Models).Where(m => m.Loaded).Select(m => m.Model).ToHashSet(StringComparer.Ordinal);
        if (_models is { } before && !before.SetEquals(now))
        {
            foreach (var model in now.Except(before)) events.Post(OfModel(EventTypes.ModelLoaded, model));
            foreach (var model in before.Except(now)) events.Post(OfModel(EventTypes.ModelUnloaded, model));
        }
        _models = now;

        MeshEvent OfModel(string type, string model) => new() { Type = type, Subject = model, Data = new Dictionary<string, string> { ["node"] = NodeId } };
    }

    private async Task AnnounceDrainAsync()
    {
        if (state.State.DrainAnnounced || !Drained()) return;
        var work = (_telemetry.Work ?? 0).ToString("0", System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            await ChangeAsync(static s => s.DrainAnnounced = true, _ => News(EventTypes.NodeDrained, "", "", ("work", work)));
        }
        catch (Exception e)
        {
            // With the next reading.
            NotAnnounced(NodeId, e.Message);
        }
    }

    private bool Drained()
    {
        var s = state.State;
        if (!s.Draining) return false;
        return _telemetry.IdleAfter(s.DrainStarted) || (s.DrainForced && time.GetUtcNow() >= s.DrainDeadline);
    }

    private NodeHealth Health()
    {
        var health = Evaluate();
        if (health != _health) (_health, _healthSince) = (health, time.GetUtcNow());
        return health;
    }

    private NodeHealth Evaluate() => HealthMachine.Evaluate(Summary()!, _knownSince, time.GetUtcNow(), rules.Silence);

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
}
