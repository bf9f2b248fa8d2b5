using InferMesh.Cli.Sim.Output;
using InferMesh.Simulator.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary>The runs of one strategy, one per seed, with means and intervals of their figures.</summary>
/// <param name="Strategy">Its name.</param>
/// <param name="Runs">Runs by seed.</param>
/// <param name="Figures">Mean and interval of each figure.</param>
internal sealed record JobsSummary(string Strategy, IReadOnlyList<TrainingResult> Runs, IReadOnlyDictionary<string, IntervalDocument> Figures)
{
    /// <summary>A summary per strategy, in the order in which they were run.</summary>
    public static IReadOnlyList<JobsSummary> Of(IReadOnlyList<TrainingResult> results) =>
    [
        .. results.GroupBy(static r => r.Strategy, StringComparer.Ordinal).Select(static g => new JobsSummary(
            g.Key, [.. g], JobFigures.All.ToDictionary(static f => f.Name, f => MetricsBuilder.Interval([.. g.Select(f.Of)]), StringComparer.Ordinal))),
    ];

    public double Mean(string figure) => Figures[figure].Mean;

    /// <summary>Against another in one figure, paired by seed.</summary>
    public Verdict Against(JobsSummary other, string figure)
    {
        var of = JobFigures.Get(figure);
        return Verdict.Of(of.Better, [.. Runs.Select(of.Of)], [.. other.Runs.Select(of.Of)]);
    }
}
