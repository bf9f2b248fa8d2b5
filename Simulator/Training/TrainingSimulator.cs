using System.Runtime.ExceptionServices;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Simulator.Training;

/// <summary>Runs simulations of training jobs: every strategy over the same jobs, failures and demand, once per seed. Equal configuration and seed give equal results, however many threads there are.</summary>
public static class TrainingSimulator
{
    /// <summary>Runs all strategies of a configuration that <see cref="JobsConfigValidator"/> accepts.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="options">Threads, seeds and when to stop; it reports no progress.</param>
    /// <returns>One result per seed and strategy, in their order; after a stop, of the runs that had ended.</returns>
    /// <exception cref="InvalidOperationException">A law (conservation of GPUs and their time, every job ends) did not hold, or the horizon was too short.</exception>
    public static IReadOnlyList<TrainingResult> Run(JobsConfig config, RunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        options ??= new();
        IReadOnlyList<ulong> seeds = options.Seeds ?? [config.Seed];
        var names = Strategies(config);
        var jobs = seeds.Distinct().ToDictionary(static s => s, s => JobDraws.Draw(config, s));
        (ulong Seed, string Strategy)[] runs = [.. seeds.SelectMany(seed => names.Select(s => (seed, s)))];
        var results = new TrainingResult?[runs.Length];
        try
        {
            Parallel.For(0, runs.Length, new() { MaxDegreeOfParallelism = Math.Max(1, options.Threads) }, i =>
            {
                if (!options.Stop.IsCancellationRequested) results[i] = new TrainingRun(config, jobs[runs[i].Seed], runs[i].Seed, runs[i].Strategy, options.Stop, options.Strategies).Run();
            });
        }
        catch (AggregateException all) when (all.InnerException is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
        return [.. results.OfType<TrainingResult>()];
    }

    /// <summary>Strategies that a configuration runs, in order.</summary>
    public static IReadOnlyList<string> Strategies(JobsConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Strategies.Count > 0 ? config.Strategies : [.. TrainingCatalog.All.Select(static s => s.Name)];
    }
}
