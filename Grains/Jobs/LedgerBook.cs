using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Grains.Jobs;

/// <summary>Claims of one cell. A GPU belongs to one holder at most, who may have it under two claims while it moves. Not thread-safe; nothing here waits for anything.</summary>
internal sealed class LedgerBook(IEnumerable<CapacityClaim> claims, IReadOnlyDictionary<string, DateTimeOffset> wanted)
{
    /// <summary>How long a node that was called back is kept for serving after the deadline, which renews it as long as it wants it.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, DateTimeOffset> _wanted = new(wanted, StringComparer.Ordinal);

    private readonly OrderedDictionary<string, CapacityClaim> _claims = new(claims.Select(static c => new KeyValuePair<string, CapacityClaim>(c.Claim, c)), StringComparer.Ordinal);

    public IReadOnlyList<CapacityClaim> Claims => [.. _claims.Values];

    /// <summary>Nodes that serving wants, and until when.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Wanted => new Dictionary<string, DateTimeOffset>(_wanted, StringComparer.Ordinal);

    /// <summary>Why a claim is refused; "" when it was taken.</summary>
    public string Take(CapacityClaim claim, DateTimeOffset now)
    {
        Expire(now);
        if (_claims.TryGetValue(claim.Claim, out var same) && !(claim.Kind == ClaimKind.Serving && same.Kind == ClaimKind.Serving))
            return same.Holder == claim.Holder && same.Gpus.SelectMany(static g => g.Gpus).Order(StringComparer.Ordinal).SequenceEqual(claim.Gpus.SelectMany(static g => g.Gpus).Order(StringComparer.Ordinal), StringComparer.Ordinal)
                ? "" : $"claim {claim.Claim} is used already";
        if (_claims.Values.Any(c => c.Holder == claim.Holder && c.Kind == claim.Kind && c.Fence >= claim.Fence && claim.Fence > 0)) return $"{claim.Holder} has a newer claim";
        if (claim.Kind == ClaimKind.Training && claim.Gpus.FirstOrDefault(g => _wanted.TryGetValue(g.Node, out var until) && until > now) is { } kept) return $"serving wants {kept.Node} back";
        var asked = claim.Gpus.SelectMany(static g => g.Gpus.Select(gpu => (g.Node, gpu))).ToHashSet();
        foreach (var other in _claims.Values)
        {
            if (other.Holder == claim.Holder && other.Kind == claim.Kind) continue;
            foreach (var (node, gpu) in other.Gpus.SelectMany(static g => g.Gpus.Select(gpu => (g.Node, gpu))))
            {
                if (asked.Contains((node, gpu))) return $"{gpu} of {node} belongs to {other.Holder}";
            }
        }
        // Serving renews what it has, with whatever the node has now.
        _claims[claim.Claim] = claim with { Confirmed = false };
        return "";
    }

    /// <summary>Keeps a claim; false when there is none. True and no change when it is kept already.</summary>
    public bool Confirm(string claim, DateTimeOffset now, out bool changed)
    {
        changed = Expire(now);
        if (!_claims.TryGetValue(claim, out var found)) return false;
        if (found.Confirmed) return true;
        changed = true;
        // From now on it says since when it is kept.
        _claims[claim] = found with { Confirmed = true, Until = now };
        return true;
    }

    public bool Release(string claim) => _claims.Remove(claim);

    /// <summary>Drops claims that were not confirmed in time; true when there were any.</summary>
    public bool Expire(DateTimeOffset now)
    {
        string[] old = [.. _claims.Values.Where(c => !c.Confirmed && c.Until <= now).Select(static c => c.Claim)];
        foreach (var claim in old) _claims.Remove(claim);
        string[] over = [.. _wanted.Where(w => w.Value <= now).Select(static w => w.Key)];
        foreach (var node in over) _wanted.Remove(node);
        return old.Length + over.Length > 0;
    }

    /// <summary>Sets a deadline for training that has lent GPUs of a node, where it has none that is sooner.</summary>
    public IReadOnlyList<CapacityClaim> Reclaim(string node, DateTimeOffset by)
    {
        var reclaimed = new List<CapacityClaim>();
        _wanted[node] = by + KeptFor;
        foreach (var claim in Claims.Where(c => c.Kind == ClaimKind.Training && c.Gpus.Any(g => g.Node == node && g.Lent)))
        {
            var changed = claim with { ReclaimBy = claim.ReclaimBy is { } sooner && sooner <= by ? sooner : by };
            _claims[claim.Claim] = changed;
            reclaimed.Add(changed);
        }
        return reclaimed;
    }
}
