using System.Globalization;
using System.Text.RegularExpressions;

namespace InferMesh.Tests.EndToEnd;

/// <summary>What a process says at <c>/metrics</c>.</summary>
internal static class MetricsPage
{
    /// <summary>Sum of all series of a metric; null when the page has none.</summary>
    public static async Task<double?> SumAsync(HttpClient client, Uri process, string metric)
    {
        var page = await client.GetStringAsync(new Uri(process, "/metrics"));
        var values = SampleOf(metric).Matches(page).Select(static m => double.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).ToArray();
        return values.Length == 0 ? null : values.Sum();
    }

    private static Regex SampleOf(string metric) => new($@"^{metric}(?:\{{[^}}]*\}})? (\S+)", RegexOptions.Multiline);
}
