namespace InferMesh.Strategies.Models;

/// <summary>Free memory of one node's GPUs while a plan is made: what one model claims, no other gets.</summary>
internal sealed class MemoryLedger
{
    private readonly string[] _profiles;
    private readonly long[] _total;
    private readonly long?[] _free;

    public MemoryLedger(FleetNode node)
    {
        var gpus = node.Gpus;
        _profiles = [.. gpus.Select(g => g.MigProfile)];
        _total = [.. gpus.Select(g => g.TotalBytes ?? 0)];
        _free = [.. gpus.Select(g => g.TotalBytes - g.UsedBytes)];
    }

    /// <summary>GPUs for one more replica.</summary>
    /// <returns>Null and the least that would be left free on them; or the reason why there are none.</returns>
    public PlacementReason? Fit(ModelDemand demand, out long left)
    {
        left = long.MaxValue;
        if (demand.VramBytes == 0 && demand.MigProfile.Length == 0) return null;
        var chosen = Choose(demand);
        if (chosen.Length < demand.GpusPerReplica)
        {
            var ofProfile = Enumerable.Range(0, _profiles.Length).Where(i => _profiles[i] == demand.MigProfile).ToArray();
            return ofProfile.Length == 0 && demand.MigProfile.Length > 0 ? PlacementReason.MigProfile
                : ofProfile.Length == 0 || ofProfile.Any(i => _free[i] is null) ? PlacementReason.MemoryUnknown
                : PlacementReason.Memory;
        }
        left = chosen.Min(i => _free[i]!.Value - Share(demand));
        return null;
    }

    /// <summary>Takes the memory of one replica, also where it does not fit any more: it is being loaded already.</summary>
    public void Claim(ModelDemand demand)
    {
        if (demand.VramBytes == 0) return;
        var chosen = Choose(demand);
        if (chosen.Length < demand.GpusPerReplica) chosen = [.. ByRoom(demand).Take(demand.GpusPerReplica)];
        foreach (var i in chosen) _free[i] -= Share(demand);
    }

    private int[] Choose(ModelDemand demand) =>
        [.. ByRoom(demand).Where(i => _free[i] - Share(demand) >= demand.KvHeadroom * _total[i]).Take(demand.GpusPerReplica)];

    private IEnumerable<int> ByRoom(ModelDemand demand) =>
        Enumerable.Range(0, _profiles.Length).Where(i => _profiles[i] == demand.MigProfile && _free[i] is not null).OrderByDescending(i => _free[i]);

    // Rounded up: the parts must hold the whole.
    private static long Share(ModelDemand demand) => (demand.VramBytes + demand.GpusPerReplica - 1) / demand.GpusPerReplica;
}
