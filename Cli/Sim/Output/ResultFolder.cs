using System.Text.Json;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Output;

/// <summary>Which files of a strategy are written.</summary>
[Flags]
internal enum ResultFormat
{
    Json = 1,
    Csv = 2,
    Both = Json | Csv,
}

/// <summary>The files of one run. Equal configuration and seeds give equal bytes.</summary>
internal static class ResultFolder
{
    public const string ComparisonFile = "comparison.csv";
    public const string ConfigFile = "config.yaml";
    public const string ReportFile = "report.html";

    public static void Write(string folder, string configYaml, IReadOnlyList<MetricsDocument> all, ResultFormat format)
    {
        AtomicFile.Write(Path.Combine(folder, ConfigFile), configYaml);
        foreach (var metrics in all)
        {
            string At(string file) => Path.Combine(folder, metrics.Strategy, file);
            if (format.HasFlag(ResultFormat.Csv))
            {
                AtomicFile.Write(At("metrics.csv"), MetricsCsv.ByType(metrics));
                AtomicFile.Write(At("groups.csv"), MetricsCsv.ByGroup(metrics));
            }
            if (format.HasFlag(ResultFormat.Json))
                AtomicFile.Write(At("metrics.json"), JsonSerializer.Serialize(metrics, MetricsJson.Default.MetricsDocument) + "\n");
        }
        AtomicFile.Write(Path.Combine(folder, ReportFile), ReportPage.Write(configYaml, all));
        // Last, because it lists what is there.
        AtomicFile.Write(Path.Combine(folder, ComparisonFile), ComparisonCsv.Write(all));
    }

    /// <summary>The comparison table of a folder.</summary>
    public static (IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) ReadComparison(string folder)
    {
        var path = Path.Combine(folder, ComparisonFile);
        if (!File.Exists(path)) throw new UsageException($"--results: '{folder}' holds no {ComparisonFile}; give a folder that 'infermesh sim run' wrote");
        return Csv.Parse(Read(path)) is { Columns: ["strategy", ..] } table ? table : throw new UsageException($"--results: '{path}' is not a table of 'infermesh sim run'");
    }

    /// <summary>The metrics of all strategies that the comparison of a folder lists, in its order.</summary>
    public static IReadOnlyList<MetricsDocument> ReadMetrics(string folder)
    {
        var names = ReadComparison(folder).Rows.Select(static r => r[0]);
        return [.. names.Select(name => ReadMetrics(folder, name))];
    }

    private static MetricsDocument ReadMetrics(string folder, string strategy)
    {
        var path = Path.Combine(folder, strategy, "metrics.json");
        if (!File.Exists(path)) throw new UsageException($"--results: '{path}' is missing; run again with --format json or both");
        try
        {
            return JsonSerializer.Deserialize(Read(path), MetricsJson.Default.MetricsDocument) is { Schema: MetricsDocument.CurrentSchema } metrics
                ? metrics
                : throw new UsageException($"--results: '{path}' has another schema than {MetricsDocument.CurrentSchema}");
        }
        catch (JsonException exception)
        {
            throw new UsageException($"--results: '{path}' cannot be read: {exception.Message}");
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"cannot read '{path}': {exception.Message}");
        }
    }
}
