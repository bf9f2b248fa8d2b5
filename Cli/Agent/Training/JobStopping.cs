using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>A stop under way: a checkpoint first if one is wanted, then the wish to end, for both together the grace.</summary>
internal sealed class JobStopping(JobRun run, TimeProvider time)
{
    private static readonly TimeSpan MostGrace = TimeSpan.FromDays(1);
    private JobAssignment? _wanted;
    private long _began;
    private readonly int _checkpointsBefore = run.Checkpoints;
    private bool _asked;

    /// <summary>Whether the ranks were asked to end.</summary>
    public bool Terminated { get; private set; }

    /// <summary>Does what is due.</summary>
    /// <returns>What is left of the grace; zero when it is over, or the ranks are.</returns>
    public TimeSpan Step(JobAssignment wanted)
    {
        if (run.IsOver)
            return TimeSpan.Zero;
        // What is told again, or anew, says what is left from then on.
        if (_wanted != wanted) (_wanted, _began) = (wanted, time.GetTimestamp());
        var left = Grace(wanted.GraceSeconds) - time.GetElapsedTime(_began);
        if (wanted.CheckpointFirst && !_asked)
        {
            run.AskCheckpoint();
            _asked = true;
        }

        if (!Terminated && (!wanted.CheckpointFirst || run.Checkpoints > _checkpointsBefore || left <= TimeSpan.Zero))
        {
            run.Terminate();
            Terminated = true;
        }

        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static TimeSpan Grace(double seconds) => seconds >= MostGrace.TotalSeconds ? MostGrace : seconds > 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
}
