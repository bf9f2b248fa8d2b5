using System.Globalization;
using System.Net;
using System.Text;

namespace InferMesh.Cli.Sim.Report;

/// <summary>One line of a chart.</summary>
/// <param name="Name">Strategy.</param>
/// <param name="Points">Places; a gap where y is not a number.</param>
/// <param name="Band">Lower and upper ends of an interval around each point, or null.</param>
internal sealed record Line(string Name, IReadOnlyList<(double X, double Y)> Points, IReadOnlyList<(double Low, double High)?>? Band = null);

/// <summary>A line chart as SVG. Colours come from the style sheet around it (<see cref="SvgFile"/> adds one).</summary>
internal sealed record LineChart(string Title, string XTitle, string YTitle, Axis X, Axis Y, IReadOnlyList<Line> Lines)
{
    public const int Width = 520;
    public const int Height = 300;
    private const int Left = 58, Right = 14, Top = 34, Bottom = 44;

    /// <summary>What the chart says, for people who do not see it.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether points are marked, as for a few measured places.</summary>
    public bool Dots { get; init; }

    public string Svg()
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(Title + (Description == "" ? "" : ". " + Description))}\">");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"{Left}\" y=\"18\">{Text(Title)}</text>");
        foreach (var mark in X.Marks)
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Px(mark):0.#}\" x2=\"{Px(mark):0.#}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"mark\" text-anchor=\"middle\" x=\"{Px(mark):0.#}\" y=\"{Height - Bottom + 15}\">{Axis.Text(mark)}</text>");
        foreach (var mark in Y.Marks)
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Py(mark):0.#}\" y2=\"{Py(mark):0.#}\"/><text class=\"mark\" text-anchor=\"end\" x=\"{Left - 6}\" y=\"{Py(mark) + 4:0.#}\">{Axis.Text(mark)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" text-anchor=\"middle\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\">{Text(XTitle)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(13 {(Top + Height - Bottom) / 2}) rotate(-90)\">{Text(YTitle)}</text>");
        for (var i = 0; i < Lines.Count; i++) Draw(svg, Lines[i], i);
        return svg.Append("</svg>").ToString();
    }

    private void Draw(StringBuilder svg, Line line, int index)
    {
        var (colour, dash) = Palette.Of(line.Name, index);
        svg.Append(CultureInfo.InvariantCulture, $"<g class=\"line c{colour}\" data-strategy=\"{Text(line.Name)}\"><title>{Text(line.Name)}</title>");
        for (var i = 0; line.Band is { } band && i < line.Points.Count; i++)
        {
            if (band[i] is { } b && double.IsFinite(b.Low + b.High))
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"interval\" x1=\"{Px(line.Points[i].X):0.#}\" x2=\"{Px(line.Points[i].X):0.#}\" y1=\"{Py(b.Low):0.#}\" y2=\"{Py(b.High):0.#}\"/>");
        }
        var (path, pen) = (new StringBuilder(), 'M');
        foreach (var (x, y) in line.Points)
        {
            if (!double.IsFinite(y)) { pen = 'M'; continue; }
            path.Append(CultureInfo.InvariantCulture, $"{pen}{Px(x):0.#} {Py(y):0.#}");
            pen = 'L';
        }
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\"{(dash == "" ? "" : $" stroke-dasharray=\"{dash}\"")}/>");
        if (Dots)
        {
            foreach (var (x, y) in line.Points.Where(static p => double.IsFinite(p.Y)))
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{Px(x):0.#}\" cy=\"{Py(y):0.#}\" r=\"2.6\"><title>{Text(line.Name)}: {Axis.Text(y)} at {Axis.Text(x)}</title></circle>");
        }
        svg.Append("</g>");
    }

    private double Px(double x) => Left + X.At(x) * (Width - Left - Right);

    private double Py(double y) => Height - Bottom - Y.At(y) * (Height - Top - Bottom);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
