using System.Globalization;
using System.Net;
using System.Text;

namespace InferMesh.Cli.Sim.Report;

/// <summary>Charts in a grid with a legend below, as a picture that stands alone: it brings its own style, light and dark.</summary>
internal static class SvgFile
{
    private const int LegendRow = 20, LegendColumn = 170, Gap = 8;

    public static string Grid(IReadOnlyList<LineChart> charts, int columns)
    {
        var strategies = charts.SelectMany(static c => c.Lines).Select(static l => l.Name).Distinct(StringComparer.Ordinal).ToArray();
        var rows = (charts.Count + columns - 1) / columns;
        int width = columns * LineChart.Width, perRow = Math.Max(1, width / LegendColumn), top = rows * LineChart.Height + Gap;
        var height = top + (strategies.Length + perRow - 1) / perRow * LegendRow + Gap;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(string.Join("; ", charts.Select(static c => c.Title)))} (synthetic)\">\n<style>\n{Page.Resource("sim.chart.css")}.paper {{ fill: #ffffff; }} @media (prefers-color-scheme: dark) {{ .paper {{ fill: #0d1117; }} }}\n</style><rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n");
        for (var i = 0; i < charts.Count; i++)
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({i % columns * LineChart.Width} {i / columns * LineChart.Height})\">{charts[i].Svg().Replace("<svg ", $"<svg width=\"{LineChart.Width}\" height=\"{LineChart.Height}\" ", StringComparison.Ordinal)}</g>\n");
        for (var i = 0; i < strategies.Length; i++)
        {
            var (colour, dash) = Palette.Of(strategies[i], i);
            int x = i % perRow * LegendColumn + Gap * 2, y = top + i / perRow * LegendRow + LegendRow / 2;
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"line c{colour}\"><path d=\"M{x} {y}L{x + 26} {y}\"{(dash == "" ? "" : $" stroke-dasharray=\"{dash}\"")}/></g><text x=\"{x + 32}\" y=\"{y + 4}\">{WebUtility.HtmlEncode(strategies[i])}</text>");
        }
        return svg.Append("\n</svg>\n").ToString();
    }
}
