using System.Runtime.ExceptionServices;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Engine.ReferenceBugs;
using InferMesh.Simulator.Results;

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
        var results = new StrategyResult?[runs.Length];
        try
        {
            Parallel.For(0, runs.Length, new() { MaxDegreeOfParallelism = Math.Max(1, options.Threads) }, i =>
            {
                if (!options.Stop.IsCancellationRequested) results[i] = Run(plan, runs[i].Seed, runs[i].Strategy, options);
            });
        }
        catch (AggregateException all) when (all.InnerException is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
        return [.. results.OfType<StrategyResult>()];
    }

    private static StrategyResult Run(RunPlan plan, ulong seed, StrategyConfig strategy, RunOptions options) =>
        plan.Config.Service.Model == ServiceModel.ReferenceBugs
            ? new BuggyRun(plan, seed, strategy, options).Run()
            : new MeshRun(plan, seed, strategy, options).Run();
}
