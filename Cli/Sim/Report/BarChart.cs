using System.Globalization;
using System.Net;
using System.Text;

namespace InferMesh.Cli.Sim.Report;

/// <summary>One bar with the interval of its value, where that is known.</summary>
internal sealed record Bar(string Name, double Value, double? Low = null, double? High = null);

/// <summary>Bars that lie, a row per strategy, as SVG; colours are those of the lines.</summary>
internal sealed record BarChart(string Title, string Unit, IReadOnlyList<Bar> Bars)
{
    private const int Width = LineChart.Width, Left = 132, Right = 66, Top = 34, Bottom = 40, Row = 26, Thick = 15;

    public string Svg()
    {
        var axis = Axis.Linear(Bars.SelectMany(static b => new[] { b.Value, b.High ?? b.Value }));
        var height = Top + (Bars.Count * Row) + Bottom;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{Text(Title)}: {Text(string.Join(", ", Bars.Select(static b => $"{b.Name} {Axis.Text(b.Value)}")))}\">");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"16\" y=\"18\">{Text(Title)}</text>");
        foreach (var mark in axis.Marks)
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(axis, mark):0.#}\" x2=\"{X(axis, mark):0.#}\" y1=\"{Top}\" y2=\"{height - Bottom}\"/><text class=\"mark\" text-anchor=\"middle\" x=\"{X(axis, mark):0.#}\" y=\"{height - Bottom + 14}\">{Axis.Text(mark)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" text-anchor=\"middle\" x=\"{(Left + Width - Right) / 2}\" y=\"{height - 8}\">{Text(Unit)}</text>");
        for (var i = 0; i < Bars.Count; i++) Draw(svg, axis, Bars[i], i);
        return svg.Append("</svg>").ToString();
    }

    private static void Draw(StringBuilder svg, Axis axis, Bar bar, int index)
    {
        var (colour, _) = Palette.Of(bar.Name, index);
        var (y, end) = (Top + (index * Row) + (Row / 2), X(axis, bar.Value));
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"mark\" text-anchor=\"end\" x=\"{Left - 6}\" y=\"{y + 4}\">{Text(bar.Name)}</text><g class=\"line c{colour}\" data-strategy=\"{Text(bar.Name)}\">");
        // A thick line takes the colour of the strategy without a rule of its own.
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y}L{end:0.#} {y}\" style=\"stroke-width:{Thick}\"/>");
        if (bar is { Low: { } low, High: { } high }) svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" style=\"stroke:var(--ink)\" x1=\"{X(axis, Math.Max(0, low)):0.#}\" x2=\"{X(axis, high):0.#}\" y1=\"{y}\" y2=\"{y}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"</g><text class=\"mark\" x=\"{X(axis, Math.Max(bar.Value, bar.High ?? 0)) + 6:0.#}\" y=\"{y + 4}\">{Axis.Text(bar.Value)}</text>");
    }

    private static double X(Axis axis, double value) => Left + (axis.At(value) * (Width - Left - Right));

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
