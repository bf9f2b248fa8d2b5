using System.Globalization;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim.Progress;

/// <summary>Shows how far a run is. <see cref="Update"/> may be called from any thread.</summary>
internal abstract class ProgressView : IAsyncDisposable
{
    public abstract void Update(RunProgress progress);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A bar per strategy on a terminal, lines elsewhere, nothing when <paramref name="quiet"/>.</summary>
    public static ProgressView Create(bool quiet, SimConfig config, int seeds, TextWriter error, TimeProvider time) =>
        quiet ? new NoProgress()
        : ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected ? new LiveProgress(config, seeds)
        : new LineProgress(error, seeds, time);

    /// <summary>One line of progress.</summary>
    public static string Line(RunProgress progress, bool withSeed)
    {
        var share = progress.HorizonSeconds > 0 ? progress.SimulatedSeconds / progress.HorizonSeconds * 100 : 100;
        return string.Create(CultureInfo.InvariantCulture,
            $"Simulation progress [{progress.Strategy}{(withSeed ? $", seed {progress.Seed}" : "")}]: {progress.SimulatedSeconds:0.0}s/{progress.HorizonSeconds:0.0}s ({share:0.0}%), {progress.Events} events");
    }

    private sealed class NoProgress : ProgressView
    {
        public override void Update(RunProgress progress)
        {
        }
    }
}
