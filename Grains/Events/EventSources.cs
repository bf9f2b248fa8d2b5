namespace InferMesh.Grains.Events;

/// <summary>
/// How far the log has the events of each source: what is not newer is a repetition. It remembers the sources that were last heard of, which is enough: a source repeats an event until it
/// has stored that the log has it, seconds after its delivery, or, when it died in between, as soon as a sweep finds it; <see cref="Most"/> others do not come in between.
/// </summary>
internal sealed class EventSources(IReadOnlyDictionary<string, SourceMark> known)
{
    /// <summary>Sources that are remembered.</summary>
    public const int Most = 16_384;

    private readonly Dictionary<string, SourceMark> _marks = new(known, StringComparer.Ordinal);

    /// <summary>Id of the event that a source has delivered before, or of a later one of it; null when it is new.</summary>
    public long? Find(string source, long sequence) =>
        source.Length > 0 && _marks.TryGetValue(source, out var mark) && sequence <= mark.Sequence ? mark.Id : null;

    public void Note(StoredEvent stored)
    {
        if (stored.Source.Length > 0) _marks[stored.Source] = new(stored.Sequence, stored.Event.Id);
    }

    /// <summary>What is to be stored: the sources that were heard of last.</summary>
    public IReadOnlyDictionary<string, SourceMark> Snapshot()
    {
        if (_marks.Count > Most)
        {
            foreach (var (source, _) in _marks.OrderBy(static m => m.Value.Id).Take(_marks.Count - Most).ToArray()) _marks.Remove(source);
        }
        return new Dictionary<string, SourceMark>(_marks, StringComparer.Ordinal);
    }
}
