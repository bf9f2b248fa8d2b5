using System.Text.Json;
using InferMesh.Cli.Operator.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace InferMesh.Cli.Operator.Live;

/// <summary>One frame of <c>infermesh top</c>: the mesh in two lines, its busiest parts below.</summary>
internal static class TopFrame
{
    /// <summary>Lines of a frame beside the parts: two of figures, one of headers, one of keys, and empty ones.</summary>
    public const int OtherLines = 6;

    private const int Gap = 2;
    private const string Keys = "q quit   n nodes  c cells  m models   sort by  l load  r running  w waiting  k tokens  f ttft  v vram  u utilization  t temperature  p power  a name";

    /// <param name="stats">Answer of the API.</param>
    /// <param name="state">What is shown.</param>
    /// <param name="width">Characters of a line: what is longer is cut, and columns that have no room are left out.</param>
    /// <param name="keys">Whether somebody can press keys.</param>
    public static IRenderable Of(JsonElement stats, TopState state, int width, bool keys)
    {
        var rows = new List<IRenderable> { Line(First(stats), width, Decoration.Bold), Line(Second(stats), width), Text.Empty, Parts(stats, state, width) };
        if (stats.Number("total") > stats.Items("items").Count())
            rows.Add(Line($"... {stats.Items("items").Count()} of {stats.Number("total")} {state.Of} by {state.Sort}", width));
        if (keys)
            rows.Add(Line(Keys, width, Decoration.Dim));
        return new Rows(rows);
    }

    private static Text Line(string text, int width, Decoration decoration = Decoration.None) => new(text.Length > width ? text[..width] : text, new Style(decoration: decoration));

    private static string First(JsonElement stats)
    {
        var synthetic = stats.Path("all.synthetic") == "true" ? "  (synthetic)" : "";
        return Terminal.Clean($"{stats.Time("at")}  {stats.Path("nodes.total")} nodes: {LoadViews.Health(stats.GetProperty("nodes"))}  {stats.Text("cells")} cells  {stats.Text("models")} models{synthetic}");
    }

    private static string Second(JsonElement stats)
    {
        var all = stats.GetProperty("all");
        return $"load {Units.Percent(all.Amount("load"))}  running {Units.Number(all.Amount("running"))}  waiting {Units.Number(all.Amount("waiting"))}  tokens/s {LoadViews.Whole(all.Amount("generationTokensPerSecond"))}  "
            + $"worst TTFT p95 {LoadViews.Milliseconds(all.Amount("ttftP95Seconds"))}  GPUs {all.Text("gpus")}  VRAM {Units.GiBOf(all.Amount("vramUsedBytes"), all.Amount("vramTotalBytes"))} GiB  power {LoadViews.Whole(all.Amount("powerWatts"))} W";
    }

    private static Table Parts(JsonElement stats, TopState state, int width)
    {
        string[][] cells = [.. stats.Items("items").Select(part => LoadViews.All[state.Of].Columns.Select(column => Terminal.Clean(column.Value(part))).ToArray())];
        var (table, shown, room) = (new Table { Border = TableBorder.None }, new List<(Column Column, int Index)>(), width);
        foreach (var (i, column) in LoadViews.All[state.Of].Columns.Index())
        {
            room -= cells.Select(row => row[i].Length).Append(column.Header.Length).Max() + Gap;
            // The first one is the name: better cut than left out.
            if (room < 0 && i > 0)
                break;
            shown.Add((column, i));
            table.AddColumn(new TableColumn(new Text(column.Header, new Style(decoration: Decoration.Bold))) { NoWrap = true, Padding = new(0, 0, Gap, 0) });
        }

        foreach (var row in cells)
            table.AddRow(shown.Select(at => new Text(row[at.Index], at.Column.IsState && StateColours.Of(row[at.Index]) is { } style ? Style.Parse(style) : Style.Plain) { Overflow = Overflow.Ellipsis }));
        return table;
    }
}
