using System.Runtime.ExceptionServices;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Engine.ReferenceBugs;
using InferMesh.Simulator.Experiments;
using InferMesh.Simulator.Results;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Simulator;

/// <summary>Runs simulations: every strategy over the same requests, once per seed. Equal configuration and seed give equal results, however many threads there are.</summary>
public static class SimulationRunner
{
    /// <summary>Runs all strategies of a configuration that <see cref="SimConfigValidator"/> accepts.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="options">Threads, seeds, progress.</param>
    /// <returns>One result per seed and strategy, in their order; after a stop, of the runs that had begun.</returns>
    /// <exception cref="InvalidOperationException">A law (conservation, causality) did not hold: a bug of the simulator.</exception>
    public static IReadOnlyList<StrategyResult> Run(SimConfig config, RunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        options ??= new();
        var plan = RunPlan.Of(config);
        var seeds = options.Seeds ?? [config.Seed];
        (ulong Seed, StrategyConfig Strategy)[] runs = [.. seeds.SelectMany(seed => config.Strategies.Select(s => (seed, s)))];
        return All(runs, options, run => Run(plan, run.Seed, run.Strategy, options));
    }

    /// <summary>Runs an experiment: requests are split over strategies that share one fleet, and judged by the rules of the live mesh while the run goes on. Of the strategies of the configuration only the fallbacks count, of plugins that arms have.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="spec">The experiment, as <see cref="ExperimentSpecValidator"/> accepts it.</param>
    /// <param name="options">Threads, seeds, progress.</param>
    /// <returns>One result per seed, in their order.</returns>
    /// <exception cref="ArgumentException">The experiment or the configuration does not fit.</exception>
    public static IReadOnlyList<ExperimentResult> RunExperiment(SimConfig config, ExperimentSpec spec, RunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        options ??= new();
        if (config.Service.Model == ServiceModel.ReferenceBugs) throw new ArgumentException("service.model must not be reference_bugs: it has no router that could split requests.", nameof(config));
        ExperimentMeter.Check(spec, options.Strategies);
        var plan = RunPlan.Of(config);
        return All([.. options.Seeds ?? [config.Seed]], options, seed =>
        {
            var meter = new ExperimentMeter(spec, seed);
            var run = new MeshRun(plan, seed, options, meter).Run();
            return meter.ToResult(run);
        });
    }

    private static T[] All<TRun, T>(TRun[] runs, RunOptions options, Func<TRun, T> run)
        where T : class
    {
        var results = new T?[runs.Length];
        try
        {
            Parallel.For(0, runs.Length, new() { MaxDegreeOfParallelism = Math.Max(1, options.Threads) }, i =>
            {
                if (!options.Stop.IsCancellationRequested) results[i] = run(runs[i]);
            });
        }
        catch (AggregateException all) when (all.InnerException is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
        return [.. results.OfType<T>()];
    }

    private static StrategyResult Run(RunPlan plan, ulong seed, StrategyConfig strategy, RunOptions options) =>
        plan.Config.Service.Model == ServiceModel.ReferenceBugs
            ? new BuggyRun(plan, seed, strategy, options).Run()
            : new MeshRun(plan, seed, strategy, options).Run();
}
