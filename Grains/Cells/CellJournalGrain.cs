using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Cells;

/// <summary>What is written down of the nodes of one cell.</summary>
[GenerateSerializer, Alias("infermesh.CellJournalState")]
internal sealed class CellJournalState : IOutboxState
{
    /// <summary>The life of the cell that was heard last.</summary>
    [Id(0)] public long Incarnation { get; set; }

    /// <summary>Its last note.</summary>
    [Id(1)] public long Sequence { get; set; }

    /// <summary>Health by node.</summary>
    [Id(2)] public Dictionary<string, NodeHealth> Health { get; set; } = new(StringComparer.Ordinal);

    [Id(3)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <inheritdoc cref="ICellJournalGrain"/>
/// <remarks>A grain of its own, so that a cell goes on judging its nodes when nothing can be stored.</remarks>
[GrainType("cell-journal")]
internal sealed class CellJournalGrain([PersistentState("cell-journal")] IPersistentState<CellJournalState> state, TimeProvider time, ILogger<CellJournalGrain> logger)
    : Grain, ICellJournalGrain, IEventSource
{
    // More than that waits in the cell, which makes one change of many when it gets too much.
    private const int MaxPending = 1024;

    private EventOutbox _outbox = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _outbox = new(this, GrainFactory, () => state.State, time, logger);
        _outbox.Begin();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _outbox.Stop();
        return Task.CompletedTask;
    }

    public async Task Note(long incarnation, IReadOnlyList<HealthNote> notes)
    {
        if (_outbox.IsUnsure) await ReadAgainAsync();
        var before = state.State;
        // A cell that lives elsewhere by now, and does not know it yet.
        if (incarnation < before.Incarnation) return;
        if (before.Outbox.Pending.Count >= MaxPending) throw new OrleansException($"{before.Outbox.Pending.Count} events of cell {this.GetPrimaryKeyString()} wait for the log.");
        var last = incarnation == before.Incarnation ? before.Sequence : 0;
        var health = new Dictionary<string, NodeHealth>(before.Health, StringComparer.Ordinal);
        var events = new List<MeshEvent>();
        foreach (var note in notes.Where(n => n.Sequence > last))
        {
            if (HealthBook.Take(health, note) is { } happened) events.Add(happened with { At = note.At });
            last = note.Sequence;
        }
        if (events.Count == 0 && health.Count == before.Health.Count && health.All(h => before.Health.TryGetValue(h.Key, out var was) && was == h.Value)) return;
        if (events.Count > 0) await _outbox.OpenAsync();
        state.State = new() { Incarnation = incarnation, Sequence = last, Health = health, Outbox = state.State.Outbox };
        foreach (var happened in events) _outbox.Put(happened);
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

    public async Task Flush()
    {
        if (_outbox.IsUnsure) await ReadAgainAsync();
        await _outbox.SettleAsync(state.WriteStateAsync);
    }

    private async Task ReadAgainAsync()
    {
        await state.ReadStateAsync();
        _outbox.Begin();
    }
}
