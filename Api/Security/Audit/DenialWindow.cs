namespace InferMesh.Api.Security.Audit;

/// <summary>
/// Denied calls of the last minute: the first of its kind is told at once, those like it are counted, and beyond so many kinds all are counted together. So a stranger fills neither the event
/// log nor memory. Thread-safe.
/// </summary>
internal sealed class DenialWindow
{
    /// <summary>Kinds that are told apart.</summary>
    public const int MaxKinds = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Actor, string Kind, string Tenant, string Remote, string Call, int Status), (AuditEntry First, long More)> _kinds = [];
    private (AuditEntry? Last, long Count) _others;

    /// <summary>Counts a denied call; true when it is the first of its kind.</summary>
    public bool IsFirst(AuditEntry entry)
    {
        var kind = (entry.Actor, entry.Kind, entry.Tenant, entry.Remote, entry.Call, entry.Status);
        lock (_gate)
        {
            if (_kinds.TryGetValue(kind, out var known))
            {
                _kinds[kind] = (known.First, known.More + 1);
                return false;
            }
            if (_kinds.Count == MaxKinds)
            {
                _others = (entry, _others.Count + 1);
                return false;
            }
            _kinds[kind] = (entry, 0);
            return true;
        }
    }

    /// <summary>What was counted and not told, with how often; the window is empty afterwards.</summary>
    public IReadOnlyList<(AuditEntry Entry, long Times)> Close()
    {
        lock (_gate)
        {
            var counted = _kinds.Values.Where(kind => kind.More > 0).Select(kind => (kind.First, kind.More)).ToList();
            // Of many callers, so no tenant's: one of them would read of the others.
            if (_others.Last is { } last) counted.Add((last with { Actor = "", Kind = "", Tenant = "", Call = "others", Subject = "", Reason = "Calls of more kinds than are told apart.", Remote = "", TraceId = "" }, _others.Count));
            _kinds.Clear();
            _others = default;
            return counted;
        }
    }
}
