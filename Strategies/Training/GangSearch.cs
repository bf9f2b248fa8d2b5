namespace InferMesh.Strategies.Training;

/// <summary>What all strategies do alike: how many workers fit, in which domains, and why not.</summary>
internal static class GangSearch
{
    /// <summary>Domains that may hold the whole gang, and how many workers are to be placed in one of them; null with the reason when there is none.</summary>
    public static (IReadOnlyList<FabricDomain> Domains, int Workers)? Find(Gang gang, IReadOnlyList<TrainingNode> nodes, FabricDomain tree, out PlacementFailure failure)
    {
        var allowed = FabricTree.All(tree).Where(d => gang.Required is not { } required || d.Level >= (int)required).ToArray();
        var workers = Math.Min(gang.Workers, allowed.Select(static d => d.Room).DefaultIfEmpty(0).Max());
        failure = workers >= gang.Least ? PlacementFailure.None : Why(gang, nodes, tree);
        if (failure != PlacementFailure.None) return null;
        var roomy = Array.FindAll(allowed, d => d.Room >= workers);
        var preferred = gang.Preferred is { } level ? Array.FindAll(roomy, d => d.Level >= (int)level) : [];
        return (preferred.Length > 0 ? preferred : roomy, workers);
    }

    private static PlacementFailure Why(Gang gang, IReadOnlyList<TrainingNode> nodes, FabricDomain tree)
    {
        if (tree.Room >= gang.Least) return PlacementFailure.DomainTooSmall;
        TrainingNode[] empty = [.. nodes.Select(static n => n with { FreeGpus = n.Gpus })];
        var all = empty.Sum(gang.Room);
        return all == 0 ? PlacementFailure.NoSuchGpu : all < gang.Least ? PlacementFailure.TooLarge : PlacementFailure.NotEnoughFree;
    }
}
