using System.Globalization;
using System.Net;
using System.Text;

namespace InferMesh.Cli.Sim.Report;

/// <summary>Utilisation by group of targets (rows) and time (columns) as SVG; 0 to 1 is light to dark.</summary>
internal static class HeatMap
{
    private const int Width = 340, Height = 190, Left = 34, Top = 26, Bottom = 26;

    /// <summary>More columns are averaged: a page of thirteen maps must stay small.</summary>
    private const int MaxColumns = 60;

    public static string Svg(string strategy, IReadOnlyList<IReadOnlyList<double>> rows, double seconds)
    {
        var columns = rows.Count == 0 ? 0 : rows.Min(static r => r.Count);
        if (columns == 0) return "";
        var shown = Math.Min(columns, MaxColumns);
        var mean = rows.Average(r => r.Take(columns).Average());
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart heat\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"Utilisation of {rows.Count} groups of targets over {seconds:0} s under {WebUtility.HtmlEncode(strategy)}, mean {mean:P0}\">");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"{Left}\" y=\"16\">{WebUtility.HtmlEncode(strategy)}: mean {mean * 100:0} %</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({Left} {Top}) scale({(Width - Left - 4.0) / shown:0.####} {(Height - Top - Bottom + 0.0) / rows.Count:0.####})\" shape-rendering=\"crispEdges\">");
        var paths = Levels(rows, columns, shown);
        for (var level = 0; level < paths.Length; level++)
        {
            if (paths[level].Length > 0) svg.Append(CultureInfo.InvariantCulture, $"<path class=\"u{level}\" d=\"{paths[level]}\"/>");
        }
        svg.Append("</g>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"mark\" x=\"{Left}\" y=\"{Height - 8}\">0 s</text><text class=\"mark\" text-anchor=\"end\" x=\"{Width - 4}\" y=\"{Height - 8}\">{seconds:0.#} s</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"mark\" text-anchor=\"end\" x=\"{Left - 4}\" y=\"{Top + 9}\">1</text><text class=\"mark\" text-anchor=\"end\" x=\"{Left - 4}\" y=\"{Height - Bottom}\">{rows.Count}</text>");
        return svg.Append("</svg>").ToString();
    }

    /// <summary>A path per level of grey: equal neighbours of a row become one rectangle.</summary>
    private static StringBuilder[] Levels(IReadOnlyList<IReadOnlyList<double>> rows, int columns, int shown)
    {
        StringBuilder[] paths = [.. Enumerable.Range(0, 10).Select(static _ => new StringBuilder())];
        for (var row = 0; row < rows.Count; row++)
        {
            for (int column = 0, end; column < shown; column = end)
            {
                var level = Level(column);
                for (end = column + 1; end < shown && Level(end) == level;) end++;
                paths[level].Append(CultureInfo.InvariantCulture, $"M{column} {row}h{end - column}v1H{column}z");
            }

            int Level(int column)
            {
                int from = column * columns / shown, to = Math.Max(from + 1, (column + 1) * columns / shown);
                return (int)Math.Clamp(rows[row].Skip(from).Take(to - from).Average() * 10, 0, 9);
            }
        }
        return paths;
    }
}
