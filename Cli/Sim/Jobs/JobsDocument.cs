using System.ComponentModel;
using System.Text.Json.Serialization;
using InferMesh.Cli.Sim.Output;
using InferMesh.Simulator.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary><c>metrics.json</c> of <c>infermesh sim jobs</c>. It holds nothing of the machine that ran it.</summary>
internal sealed record JobsDocument(
    string Schema,
    [property: Description("Always true: a model of jobs, no measurement of any.")] bool Synthetic,
    IReadOnlyList<ulong> Seeds,
    int Jobs,
    IReadOnlyList<JobsStrategyDocument> Strategies)
{
    public const string CurrentSchema = "infermesh.sim-jobs/1";

    public static JobsDocument Of(IReadOnlyList<JobsSummary> all) => new(
        CurrentSchema, true, [.. all[0].Runs.Select(static r => r.Seed)], all[0].Runs[0].Jobs.Count, [.. all.Select(static s => new JobsStrategyDocument(
            s.Strategy, s.Figures, s.Runs[0].Series, PluginDocument.Sum(s.Runs.Select(static r => r.Plugin)),
            [.. s.Runs.Select(static r => new JobsRunDocument(r.Seed, JobFigures.All.ToDictionary(static f => f.Name, f => f.Of(r), StringComparer.Ordinal), r.SpeedByTenant, r.Effort))]))]);
}

/// <param name="Strategy">Name.</param>
/// <param name="Figures">Mean over the seeds and its 95 % interval.</param>
/// <param name="Series">Course of the first seed.</param>
/// <param name="Plugin">Of a plugin: what became of its placements, sums over the runs; absent for a strategy of the catalogue.</param>
/// <param name="Runs">Every run by itself.</param>
internal sealed record JobsStrategyDocument(
    string Strategy, IReadOnlyDictionary<string, IntervalDocument> Figures, IReadOnlyList<TrainingSample> Series,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PluginDocument? Plugin, IReadOnlyList<JobsRunDocument> Runs);

/// <param name="Seed">Seed.</param>
/// <param name="Figures">Its figures.</param>
/// <param name="SpeedByTenant">Mean share of its ideal speed that a job of a tenant got.</param>
/// <param name="Effort">What the simulation did.</param>
internal sealed record JobsRunDocument(ulong Seed, IReadOnlyDictionary<string, double> Figures, IReadOnlyDictionary<string, double> SpeedByTenant, TrainingEffort Effort);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(JobsDocument))]
internal sealed partial class JobsJson : JsonSerializerContext;
