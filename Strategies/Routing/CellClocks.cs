namespace InferMesh.Strategies.Routing;

/// <summary>When each cell of a tracked set last reported as a whole, and which of its targets that is news of. Not thread safe.</summary>
internal sealed class CellClocks
{
    private readonly long[] _ticks;
    private readonly int[] _cell;
    private readonly bool[] _follows;

    public CellClocks(TargetSet targets)
    {
        _cell = new int[targets.Count];
        for (var row = 1; row < _cell.Length; row++)
            _cell[row] = _cell[row - 1] + (targets.Identity[row].CellId == targets.Identity[row - 1].CellId ? 0 : 1);
        _ticks = new long[_cell.Length > 0 ? _cell[^1] + 1 : 0];
        _follows = new bool[_cell.Length];
        Array.Fill(_follows, true);
    }

    /// <summary>Cells.</summary>
    public int Count => _ticks.Length;

    /// <summary>Cell of a target, in the order of the set.</summary>
    public int Of(int target) => _cell[target];

    /// <summary>When the cell last reported, UTC ticks; 0 when it never did.</summary>
    public long Last(int cell) => _ticks[cell];

    /// <summary>Takes a report in; false when a newer one came before.</summary>
    public bool Refresh(int cell, long ticks)
    {
        if (ticks <= _ticks[cell]) return false;
        _ticks[cell] = ticks;
        return true;
    }

    /// <summary>Whether the reports of its cell are news of the target.</summary>
    public bool Follows(int target) => _follows[target];

    /// <inheritdoc cref="Follows"/>
    public void Follow(int target, bool follows) => _follows[target] = follows;

    /// <summary>The newer one of the target's own reading and, where it follows, the report of its cell.</summary>
    public long SampledAt(int target, long own) => _follows[target] ? Math.Max(own, _ticks[_cell[target]]) : own;
}
