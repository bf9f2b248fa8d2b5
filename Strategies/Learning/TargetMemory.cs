using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Learning;

/// <summary>
/// What a strategy remembers per target, and per model. Rows stand in the order of the routing table's, so that ranking finds them by position; a new table moves
/// them along, and what has left the table is forgotten. Size is bounded by the tables of <see cref="MaxModels"/> models. Reading needs no lock; whoever writes to rows
/// holds <see cref="Gate"/>.
/// </summary>
internal sealed class TargetMemory<TRow, TModel>(Func<TModel> newModel, Func<TModel, TargetIdentity, TRow>? newRow = null, Action<TModel, int[]>? moved = null)
    where TRow : struct
    where TModel : class
{
    /// <summary>Models remembered at a time: the one whose table changed longest ago goes first.</summary>
    public const int MaxModels = 64;

    private View[] _views = [];

    /// <summary>Guards all rows.</summary>
    public Lock Gate { get; } = new();

    /// <summary>One per model. A target may serve several.</summary>
    public ReadOnlySpan<View> Views => Volatile.Read(ref _views);

    /// <summary>The rows that belong to these targets. Cheap as long as the table stays the same.</summary>
    public View For(TargetSet targets)
    {
        foreach (var view in Volatile.Read(ref _views))
        {
            if (ReferenceEquals(view.Targets, targets)) return view;
        }
        lock (Gate) return Align(targets);
    }

    private View Align(TargetSet targets)
    {
        var old = Array.Find(_views, v => v.Targets.Model == targets.Model);
        if (old is not null && ReferenceEquals(old.Targets, targets)) return old;
        var model = old?.Model ?? newModel();
        var from = TargetOrder.Positions(old?.Targets.Identity ?? [], targets.Identity);
        var rows = new TRow[targets.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            if (from[i] >= 0) rows[i] = old!.Rows[from[i]];
            else if (newRow is not null) rows[i] = newRow(model, targets.Identity[i]);
        }
        if (old is not null) moved?.Invoke(model, TargetOrder.Inverse(from, old.Rows.Length));
        var view = new View(targets, rows, model);
        View[] kept = [.. _views.Where(v => v != old), view];
        Volatile.Write(ref _views, kept[Math.Max(0, kept.Length - MaxModels)..]);
        return view;
    }

    /// <summary>The memory of one model.</summary>
    /// <param name="Targets">The targets that the rows belong to.</param>
    /// <param name="Rows">One per target.</param>
    /// <param name="Model">What is remembered of the model as a whole.</param>
    public sealed record View(TargetSet Targets, TRow[] Rows, TModel Model)
    {
        /// <summary>Row of a target; -1 when the model does not know it.</summary>
        public int RowOf(TargetIdentity target) => TargetOrder.Find(Targets.Identity, target);

        /// <summary>Row of the target that answered; -1 when the model does not know it, or when another model of the target answered.</summary>
        public int RowOf(in Outcome outcome) =>
            string.IsNullOrEmpty(outcome.Model) || outcome.Model == Targets.Model ? TargetOrder.Find(Targets.Identity, outcome.Target) : -1;
    }
}

/// <summary>Positions in lists of targets, which are in the order of the routing table.</summary>
internal static class TargetOrder
{
    /// <summary>Position of a target; -1 when it is not in the list.</summary>
    public static int Find(TargetIdentity[] list, TargetIdentity target)
    {
        int low = 0, high = list.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Compare(list[middle], target);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return -1;
    }

    /// <summary>Where each target of the new list stood in the old one; -1 when it did not.</summary>
    public static int[] Positions(TargetIdentity[] old, TargetIdentity[] now)
    {
        var from = new int[now.Length];
        for (int i = 0, j = 0; i < now.Length; i++)
        {
            while (j < old.Length && Compare(old[j], now[i]) < 0) j++;
            from[i] = j < old.Length && Compare(old[j], now[i]) == 0 ? j : -1;
        }
        return from;
    }

    /// <summary>Where each target of the old list stands in the new one; -1 when it has left.</summary>
    public static int[] Inverse(int[] from, int oldCount)
    {
        var to = new int[oldCount];
        Array.Fill(to, -1);
        for (var i = 0; i < from.Length; i++) if (from[i] >= 0) to[from[i]] = i;
        return to;
    }

    // The order of a TargetSet.
    private static int Compare(TargetIdentity a, TargetIdentity b) => ReferenceEquals(a, b) ? 0
        : string.CompareOrdinal(a.CellId, b.CellId) is var byCell and not 0 ? byCell
        : string.CompareOrdinal(a.NodeId, b.NodeId) is var byNode and not 0 ? byNode : string.CompareOrdinal(a.Endpoint, b.Endpoint);
}
