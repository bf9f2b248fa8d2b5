namespace InferMesh.Strategies.Routing;

/// <summary>Which groups of 16 places hold targets of which cell, and which of them have not heard of the last report of their cells yet.</summary>
internal sealed class CellRuns
{
    private readonly CellClocks _cells;
    private readonly List<(int First, int Last)>[] _runs;
    private readonly (int First, int Last)[] _cellsOf;
    private readonly long[] _heard;

    public CellRuns(CellClocks cells, int[] rows)
    {
        _cells = cells;
        _runs = new List<(int, int)>[cells.Count];
        for (var cell = 0; cell < _runs.Length; cell++) _runs[cell] = [];
        _heard = new long[(rows.Length + BoundGroup.Lanes - 1) / BoundGroup.Lanes];
        _cellsOf = new (int, int)[_heard.Length];
        Array.Fill(_cellsOf, (int.MaxValue, -1));
        for (var slot = 0; slot < rows.Length; slot++)
        {
            var (group, cell) = (slot / BoundGroup.Lanes, cells.Of(rows[slot]));
            _cellsOf[group] = (Math.Min(_cellsOf[group].First, cell), Math.Max(_cellsOf[group].Last, cell));
            var runs = _runs[cell];
            if (runs.Count == 0 || runs[^1].Last < group - 1) runs.Add((group, group));
            else runs[^1] = (runs[^1].First, group);
        }
    }

    /// <summary>Runs of groups that hold targets of a cell.</summary>
    public List<(int First, int Last)> Of(int cell) => _runs[cell];

    /// <summary>Whether a cell of the group has reported since the group last heard of it.</summary>
    public bool IsBehind(int group)
    {
        var (first, last) = _cellsOf[group];
        return first == last ? _heard[group] != _cells.Last(first) : _heard[group] != Sum(first, last);
    }

    /// <summary>The group has heard.</summary>
    public void Caught(int group)
    {
        var (first, last) = _cellsOf[group];
        _heard[group] = Sum(first, last);
    }

    // Clocks only go forward: their sum is another when any of them is. It may wrap, which is no harm.
    private long Sum(int first, int last)
    {
        long sum = 0;
        for (var cell = first; cell <= last; cell++) sum += _cells.Last(cell);
        return sum;
    }
}
