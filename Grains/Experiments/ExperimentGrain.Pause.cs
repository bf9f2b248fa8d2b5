using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Grains.Experiments;

/// <summary>
/// A pause: silos assign no request, and nothing is decided. Requests that were assigned before it count with what comes of them, however long they take: to leave them out would leave out the
/// slow ones of both arms. Who takes part is settled before anything is known of a request, so that the intervals hold over any pauses.
/// </summary>
internal sealed partial class ExperimentGrain
{
    public Task<ExperimentResult> Pause(long expected, string reason, string actor) => Current switch
    {
        { Standing.IsOpen: false } ended => Conflict($"Experiment {Name} is {ExperimentMapping.Word(ended.Standing.Stage)}: there is nothing to pause."),
        { Standing.PausedAt: { } since } => Conflict(FormattableString.Invariant($"Experiment {Name} is paused already, since {since:u}.")),
        _ => HoldAsync(expected, reason, actor, "paused", static (standing, now) => standing with { PausedAt = now }),
    };

    public Task<ExperimentResult> Resume(long expected, string reason, string actor) => Current is { Standing.IsPaused: false }
        ? Conflict($"Experiment {Name} is not paused.")
        : HoldAsync(expected, reason, actor, "resumed", static (standing, now) =>
        {
            var pause = now > standing.PausedAt ? now - standing.PausedAt.Value : TimeSpan.Zero;
            // A winner was not watched while it did not serve.
            return standing with { PausedAt = null, PausedFor = standing.PausedFor + pause, StageAt = standing.Stage == ExperimentStage.Promoted ? standing.StageAt + pause : standing.StageAt };
        });

    private async Task<ExperimentResult> HoldAsync(long expected, string reason, string actor, string what, Func<ExperimentStanding, DateTimeOffset, ExperimentStanding> change)
    {
        if (Current is not { } current) return Result(Refused(PolicyStatus.NotFound));
        if (Refusal(expected) is { } stale) return Result(stale);
        var (now, stage) = (Now, current.Standing.Stage);
        var done = new ExperimentChange(now, stage, stage, "", what, actor, reason, null, _tallies.Sum().Sum(static t => t.Requests));
        Stored.Changes = [.. Stored.Changes.Append(done).TakeLast(MostChanges)];
        Changed(Name, what, "", stage, done.Requests);
        return await WriteAsync(new(current.Plan, change(current.Standing, now)), actor, [new(reason.Length > 0 ? reason : what, null, ExperimentMapping.Facts(done))]);
    }
}
