using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Cells;

/// <summary>
/// What a cell has seen and its journal has not taken yet, one call at a time. When the journal cannot keep up, or is not there, only the last health of each node is kept: there are never more
/// than <see cref="Most"/> notes, or twice as many as the cell has nodes. Used on the cell's own scheduler only.
/// </summary>
internal sealed partial class HealthNotes(ICellJournalGrain journal, string cell, long incarnation, ILogger logger)
{
    /// <summary>Notes that wait before they are made fewer.</summary>
    internal const int Most = 4096;

    private const int MaxBatch = 512;

    private readonly LinkedList<HealthNote> _waiting = [];
    private Task _sending = Task.CompletedTask;
    private int _limit = Most;
    private long _last;

    /// <summary>Notes that wait.</summary>
    public int Waiting => _waiting.Count;

    public void Add(string node, NodeHealth? health, NodeFault? fault, DateTimeOffset at)
    {
        _waiting.AddLast(new HealthNote(++_last, node, health, fault, at));
        if (_waiting.Count > _limit) Shorten();
    }

    /// <summary>Sends what waits, unless it is being sent; called again and again.</summary>
    public void Send()
    {
        if (_waiting.Count > 0 && _sending.IsCompleted) _sending = SendAsync();
    }

    private async Task SendAsync()
    {
        try
        {
            while (_waiting.Count > 0)
            {
                HealthNote[] batch = [.. _waiting.Take(MaxBatch)];
                await journal.Note(incarnation, batch);
                // Some may have been dropped meanwhile.
                while (_waiting.First is { } first && first.Value.Sequence <= batch[^1].Sequence) _waiting.RemoveFirst();
            }
        }
        catch (Exception e)
        {
            // The cell's next tick sends again.
            NotNoted(cell, _waiting.Count, e.Message);
        }
    }

    private void Shorten()
    {
        var before = _waiting.Count;
        var later = new HashSet<string>(StringComparer.Ordinal);
        for (var node = _waiting.Last; node is not null;)
        {
            var earlier = node.Previous;
            if (!later.Add(node.Value.NodeId)) _waiting.Remove(node);
            node = earlier;
        }
        // Not again with every note of a cell that has as many nodes.
        _limit = Math.Max(Most, 2 * _waiting.Count);
        if (before > _waiting.Count) EventMetrics.Dropped(EventMetrics.Collapsed, before - _waiting.Count);
    }

    [LoggerMessage(LogLevel.Information, "Cell {Cell}: {Notes} changes of health are not written down yet, and are tried again: {Reason}")]
    private partial void NotNoted(string cell, int notes, string reason);
}
