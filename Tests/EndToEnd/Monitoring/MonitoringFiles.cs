using System.Text.Json;
using System.Text.RegularExpressions;

namespace InferMesh.Tests.EndToEnd.Monitoring;

/// <summary>What the committed dashboards and rules ask Prometheus.</summary>
internal static partial class MonitoringFiles
{
    private static string Folder => Path.Combine(Repository.Root, "Aspire.AppHost/monitoring");

    /// <summary>Every query of every panel, as Grafana sends it with everything picked.</summary>
    public static IReadOnlyList<(string Panel, string Expression)> Panels() =>
    [
        .. from file in Directory.GetFiles(Path.Combine(Folder, "grafana"), "*.json").Order(StringComparer.Ordinal)
           let dashboard = JsonDocument.Parse(File.ReadAllText(file)).RootElement
           from panel in dashboard.GetProperty("panels").EnumerateArray()
           where panel.TryGetProperty("targets", out _)
           from target in panel.GetProperty("targets").EnumerateArray()
           select ($"{dashboard.GetProperty("uid").GetString()}: {panel.GetProperty("title").GetString()}", Filled(target.GetProperty("expr").GetString()!)),
    ];

    /// <summary>Names that recording rules make.</summary>
    public static IReadOnlyList<string> Recorded() => [.. Record().Matches(File.ReadAllText(Path.Combine(Folder, "prometheus/recording.yml"))).Select(static m => m.Groups[1].Value)];

    /// <summary>Expressions that a promtool test gives data and an answer for.</summary>
    public static IReadOnlySet<string> Proven() => Directory.GetFiles(Path.Combine(Folder, "prometheus"), "*.test.yml")
        .SelectMany(static f => Proof().Matches(File.ReadAllText(f)).Select(static m => m.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal))).ToHashSet(StringComparer.Ordinal);

    private static string Filled(string expression) => Variable().Replace(expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal), ".*");

    [GeneratedRegex(@"\$(?:model|tenant|node)\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"- record: (\S+)")]
    private static partial Regex Record();

    [GeneratedRegex(@"- expr: '((?:[^']|'')*)'")]
    private static partial Regex Proof();
}
