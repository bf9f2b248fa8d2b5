using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Grains.Cells;

/// <summary>Writes down how the health of the nodes of one cell changes, and tells the event log. Key: cell id.</summary>
[Alias("infermesh.ICellJournalGrain")]
internal interface ICellJournalGrain : IGrainWithStringKey
{
    /// <summary>Takes what a cell has seen. Durable when it returns; may be repeated.</summary>
    /// <param name="incarnation">Life of the cell; those of an older one are not taken any more.</param>
    /// <param name="notes">By rising sequence within the incarnation.</param>
    [Alias("Note")] Task Note(long incarnation, IReadOnlyList<HealthNote> notes);
}

/// <summary>What a cell has seen of one node.</summary>
/// <param name="Sequence">Grows within the life of the cell.</param>
/// <param name="NodeId">Node.</param>
/// <param name="Health">Its health now; null when it has left the cell.</param>
/// <param name="Fault">What its quarantine is for; null when there is none.</param>
/// <param name="At">When.</param>
[GenerateSerializer, Immutable, Alias("infermesh.HealthNote")]
internal sealed record HealthNote(
    [property: Id(0)] long Sequence, [property: Id(1)] string NodeId, [property: Id(2)] NodeHealth? Health, [property: Id(3)] NodeFault? Fault, [property: Id(4)] DateTimeOffset At);
