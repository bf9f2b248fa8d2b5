using System.Net;
using System.Text;

namespace InferMesh.Cli.Sim.Report;

/// <summary>What all pages share: style, script, the word synthetic, and a legend that shows and hides strategies.</summary>
internal static class Page
{
    public static void Begin(StringBuilder html, string title)
    {
        html.Append($"<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>InferMesh: {title} (synthetic)</title>\n");
        html.Append($"<style>\n{Resource("sim.page.css")}{Resource("sim.chart.css")}</style></head>\n<body><header><h1>{title} <span class=\"badge\">synthetic</span></h1>");
        html.Append("<p class=\"note\">Every figure comes from a model of a fleet, none from hardware. It shows how strategies differ, not how fast a machine is.</p></header><main>\n");
    }

    public static void Legend(StringBuilder html, IEnumerable<string> strategies)
    {
        html.Append("<nav class=\"legend\" aria-label=\"Strategies in the charts\">");
        var index = 0;
        foreach (var strategy in strategies)
        {
            var (colour, dash) = Palette.Of(strategy, index++);
            html.Append($"<button type=\"button\" aria-pressed=\"true\" data-strategy=\"{WebUtility.HtmlEncode(strategy)}\"><svg class=\"chart key c{colour}\" width=\"26\" height=\"8\" aria-hidden=\"true\"><g class=\"line c{colour}\"><path d=\"M0 4L26 4\"{(dash == "" ? "" : $" stroke-dasharray=\"{dash}\"")}/></g></svg>{WebUtility.HtmlEncode(strategy)}</button>");
        }
        html.Append("</nav>");
    }

    public static void End(StringBuilder html) => html.Append($"</main>\n<script>\n{Resource("sim.page.js")}</script></body></html>\n");

    public static string Resource(string name)
    {
        using var stream = typeof(Page).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not part of this assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
