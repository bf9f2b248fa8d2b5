using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace InferMesh.Cli.Operator.Output;

/// <summary>A table that grows: columns are as wide as what was seen of them so far.</summary>
internal sealed class TableText
{
    private const string Gap = "  ";
    private readonly Column[] _columns;
    private readonly int[] _widths;
    private readonly bool _colours;
    private bool _begun;

    public TableText(View view, bool wide, bool colours)
    {
        _columns = [.. view.Columns.Where(column => wide || !column.IsWide)];
        _widths = [.. _columns.Select(static column => column.Header.Length)];
        _colours = colours;
    }

    /// <summary>The cells of a row, as they are shown.</summary>
    public string[] Row(JsonElement item) => [.. _columns.Select(column => Terminal.Clean(column.Value(item)))];

    /// <summary>The lines of rows, before the first ones the header; with colours they are markup of Spectre.Console.</summary>
    public IEnumerable<string> Lines(IReadOnlyList<string[]> rows)
    {
        for (var i = 0; i < _columns.Length; i++)
            _widths[i] = rows.Select(row => row[i].Length).Append(_widths[i]).Max();
        if (!_begun)
            yield return Line([.. _columns.Select(static column => column.Header)], static (_, _) => "bold");
        _begun = true;
        foreach (var row in rows)
            yield return Line(row, (column, cell) => column.IsState ? StateColours.Of(cell) : null);
    }

    private string Line(string[] cells, Func<Column, string, string?> style)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            var padded = i + 1 < cells.Length ? cells[i].PadRight(_widths[i]) + Gap : cells[i];
            line.Append(!_colours ? padded : style(_columns[i], cells[i]) is { } name ? $"[{name}]{Markup.Escape(padded)}[/]" : Markup.Escape(padded));
        }

        return _colours ? line.ToString() : line.ToString().TrimEnd();
    }
}
