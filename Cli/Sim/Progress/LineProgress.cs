using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim.Progress;

/// <summary>A line of progress per run, at most once a second, and one when it is done.</summary>
internal sealed class LineProgress(TextWriter error, int seeds, TimeProvider time) : ProgressView
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Dictionary<(string Strategy, ulong Seed), long> _said = [];
    private readonly Lock _gate = new();

    public override void Update(RunProgress progress)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var key = (progress.Strategy, progress.Seed);
            // A run that is over within the pause says one line, its last.
            if (!_said.TryGetValue(key, out var last)) _said[key] = last = now;
            if (progress.SimulatedSeconds < progress.HorizonSeconds && time.GetElapsedTime(last, now) < Pause) return;
            _said[key] = now;
            error.WriteLine(Line(progress, seeds > 1));
        }
    }
}
