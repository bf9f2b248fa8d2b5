using InferMesh.Cli.Sim.Matrix;
using InferMesh.Cli.Sim.Report;
using InferMesh.Strategies;

namespace InferMesh.Cli.Sim.Study;

/// <summary>What the table of a study says.</summary>
internal static class StudyFindings
{
    /// <summary>Better, same and worse than round robin, by strategy: counts over the cells for each judged figure.</summary>
    public static IEnumerable<(string Strategy, IReadOnlyList<(int Better, int Same, int Worse)> Counts)> Scores(IReadOnlyList<MatrixRow> rows) =>
        rows.Where(static r => r.Strategy != Conclusion.Baseline).GroupBy(static r => r.Strategy, StringComparer.Ordinal).Select(static g =>
            (g.Key, (IReadOnlyList<(int, int, int)>)[.. MatrixTable.Judged.Select(j => (Count(g, j.Column, "better"), Count(g, j.Column, "same"), Count(g, j.Column, "worse")))]));

    /// <summary>Whether a strategy is of the mesh family; a plugin is not, whatever it is called.</summary>
    public static bool IsMesh(string strategy) => strategy.Contains("mesh", StringComparison.Ordinal) && StrategyCatalog.All.Any(s => s.Name == strategy);

    /// <summary>Rows in which a strategy of the mesh family loses to round robin at p99 or cost beyond the interval.</summary>
    public static IEnumerable<(MatrixRow Row, string Figure, double Ratio)> Losses(IReadOnlyList<MatrixRow> rows) =>
        from row in rows
        where IsMesh(row.Strategy)
        from judged in MatrixTable.Judged
        where row.Text($"{judged.Column}_verdict") == "worse"
        select (row, judged.Figure, row.Number($"{judged.Column}_ratio"));

    /// <summary>The same row of another strategy, or null.</summary>
    public static MatrixRow? Beside(IReadOnlyList<MatrixRow> rows, MatrixRow row, string strategy, IReadOnlyList<string> dimensions) =>
        rows.FirstOrDefault(r => r.Strategy == strategy && dimensions.All(d => r.Text(d) == row.Text(d)));

    /// <summary>A figure of one row over that of another; not a number where one is missing.</summary>
    public static double Ratio(MatrixRow? row, MatrixRow? other, string figure) =>
        row is null || other is null || !(other.Number(figure) > 0) ? double.NaN : row.Number(figure) / other.Number(figure);

    private static int Count(IEnumerable<MatrixRow> rows, string column, string verdict) => rows.Count(r => r.Text($"{column}_verdict") == verdict);
}
