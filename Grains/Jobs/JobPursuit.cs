using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Jobs;

/// <summary>Brings ledgers and agents to what a job's log says. Everything here may be done twice, and is done again until it is so. Used on the job grain's own scheduler only.</summary>
internal sealed partial class JobPursuit(JobGrain owner, IGrainFactory grains, TimeProvider time, IOptionsMonitor<JobSettings> settings, ILogger logger)
{
    private const int Parallelism = 32;
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _started = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly HashSet<string> _without = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _unheardSince = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _sent = new(StringComparer.Ordinal);
    private JobPlacement? _place;
    private DateTimeOffset _stopSentAt;
    private DateTimeOffset _askedAt;
    private DateTimeOffset _savedAskedAt;
    private DateTimeOffset _confirmedAt = time.GetUtcNow();
    private string _nextClaim = "";
    private bool _running;
    private bool _again;

    private DateTimeOffset Now => time.GetUtcNow();

    private JobSettings Settings => settings.CurrentValue;

    /// <summary>All ranks of a node run.</summary>
    public void Started(string node) => _started.Add(node);

    /// <summary>No rank of a node runs any more.</summary>
    public void Ended(string node) => _ended.Add(node);

    /// <summary>Goes on at once, without making anybody wait.</summary>
    public void Wake() => _ = WakeAsync();

    /// <summary>What a node has to do now; null for nothing.</summary>
    public JobAssignment? AssignmentOf(string node) => owner.Current is { } job ? new JobAssignments(job, Now).Of(node) : null;

    /// <summary>Once a second: what waits for time rather than for news.</summary>
    public async Task TickAsync()
    {
        if (owner.Current is not { } job) return;
        await owner.TakeTurnAsync(static life => life.OverBudget());
        if (job.State == JobState.Checkpointing && job.Stop is null && Now - job.Since > TimeSpan.FromSeconds(Math.Max(job.Spec.GraceSeconds, 5))) await owner.TakeTurnAsync(static life => life.NotSaved());
        if (IsCheckpointDue(job)) await owner.TakeTurnAsync(static life => life.Checkpoint(""));
        if (job.State != JobState.Running || job.Stop is not null || Now - _askedAt >= WatchPeriod) await AskAsync(job);
        await WakeAsync();
    }

    /// <summary>The job has no place any more: nobody has anything to do for it.</summary>
    public async Task LeaveAsync()
    {
        if (_place is not { } place) return;
        _place = null;
        await EachAsync(place.Groups, group => grains.GetGrain<INodeJobsGrain>(group.Node).Withdraw(owner.GetPrimaryKeyString(), place.Fence));
        await ReleaseAsync(place);
    }

    private bool IsCheckpointDue(MeshJob job)
    {
        if (job is not { State: JobState.Running, Stop: null } || job.Spec.CheckpointEverySeconds <= 0 || job.Spec.CheckpointTo.Length == 0) return false;
        var last = new[] { job.Progress.CheckpointAt ?? job.Since, job.Since, _savedAskedAt }.Max();
        if (Now - last < TimeSpan.FromSeconds(job.Spec.CheckpointEverySeconds)) return false;
        _savedAskedAt = Now;
        return true;
    }

    private async Task WakeAsync()
    {
        // One at a time: what has changed meanwhile is seen by the next round.
        if (_running)
        {
            _again = true;
            return;
        }
        _running = true;
        try
        {
            do
            {
                _again = false;
                await StepAsync();
            }
            while (_again);
        }
        catch (Exception e)
        {
            NotDone(owner.GetPrimaryKeyString(), e.Message);
        }
        finally
        {
            _running = false;
        }
    }

    private async Task StepAsync()
    {
        if (owner.Current is not { } job || !job.State.IsPlaced()) return;
        await EnterAsync(job);
        if (job.State == JobState.Admitted)
        {
            var kept = await ConfirmAsync(job.Placement!);
            await owner.TakeTurnAsync(life => life.Confirmed(job.Placement!.Claim, kept));
            return; // The turn wakes this again.
        }
        // Until its ranks have ended the next place must not go to others.
        if (job.Stop?.Next is { } next && _nextClaim != next.Claim && await ConfirmAsync(next)) _nextClaim = next.Claim;
        await AssignAsync(job);
        if (job is { State: JobState.Placing, Stop: null })
        {
            string[] missing = [.. job.Placement!.Groups.Select(static g => g.Node).Where(n => !_started.Contains(n) && !job.FinishedNodes.Contains(n))];
            if (missing.Length == 0) await owner.TakeTurnAsync(static life => life.Started());
            else if (Now - job.Since > Settings.StartLimit) await owner.TakeTurnAsync(life => life.NotStarted(missing, Settings.AvoidFor));
        }
        if (job.Stop is not null && job.Placement!.Groups.All(g => HasEnded(job, g.Node))) await owner.TakeTurnAsync(static life => life.Stopped());
    }

    /// <summary>At another place everything begins anew, and what was is given back.</summary>
    private async Task EnterAsync(MeshJob job)
    {
        var place = job.Placement!;
        if (_place?.Fence == place.Fence)
        {
            _place = place;
            return;
        }
        var before = _place;
        _place = place;
        foreach (var known in new[] { _started, _ended, _without }) known.Clear();
        _unheardSince.Clear();
        _sent.Clear();
        _stopSentAt = default;
        if (before is null) return;
        var stays = place.Groups.Select(static g => g.Node).ToHashSet(StringComparer.Ordinal);
        await EachAsync([.. before.Groups.Where(g => !stays.Contains(g.Node))], group => grains.GetGrain<INodeJobsGrain>(group.Node).Withdraw(job.Id, before.Fence));
        // After the new claim is confirmed nothing of the old one is needed; until then it keeps what both have.
        if (before.Claim != place.Claim && await ConfirmAsync(place)) await ReleaseAsync(before);
    }

    private async Task<bool> ConfirmAsync(JobPlacement place)
    {
        var kept = true;
        foreach (var cell in place.Groups.Select(static g => g.Cell).Distinct(StringComparer.Ordinal)) kept &= await grains.GetGrain<ICapacityLedgerGrain>(cell).Confirm(place.Claim);
        return kept;
    }

    /// <summary>At once where it can be; where it cannot, the ledger finds out by asking.</summary>
    private Task ReleaseAsync(JobPlacement place) =>
        EachAsync([.. place.Groups.DistinctBy(static g => g.Cell)], group => grains.GetGrain<ICapacityLedgerGrain>(group.Cell).Release(place.Claim));

    private async Task AssignAsync(MeshJob job)
    {
        if (job.Stop is not null && _stopSentAt == default) _stopSentAt = Now;
        var content = FormattableString.Invariant($"{job.Fence}|{job.Stop?.By.UtcTicks}|{job.Stop?.Checkpoint}|{job.CheckpointRequests}|{job.Placement!.Hint?.Revision}");
        JobWorkers[] untold = [.. job.Placement.Groups.Where(g => _sent.GetValueOrDefault(g.Node) != content)];
        if (untold.Length == 0) return;
        var assignments = new JobAssignments(job, Now);
        await EachAsync(
            untold,
            async group =>
            {
                if (assignments.Of(group.Node) is not { } assignment) return;
                await grains.GetGrain<INodeJobsGrain>(group.Node).Assign(assignment);
                _sent[group.Node] = content;
            });
    }

    /// <summary>Asks the nodes' grains what agents have: reports may have been lost with a silo, agents with their node.</summary>
    private async Task AskAsync(MeshJob job)
    {
        if (job.Placement is not { } place || job.State == JobState.Admitted) return;
        if (Now - _confirmedAt >= WatchPeriod)
        {
            _confirmedAt = Now;
            if (!await ConfirmAsync(place)) await owner.TakeTurnAsync(life => life.ClaimGone(place.Claim));
        }
        _askedAt = Now;
        await EachAsync(
            place.Groups,
            async group =>
            {
                var status = await grains.GetGrain<INodeJobsGrain>(group.Node).Launcher();
                if (status is null)
                {
                    // A grain that has just begun has heard of nobody: from now on it counts.
                    _unheardSince.TryAdd(group.Node, Now);
                    // And it asks for what is to be done only when an agent comes.
                    _sent.Remove(group.Node);
                }
                else
                {
                    _unheardSince.Remove(group.Node);
                    var runs = status.Launcher.Running.Any(r => r.Job == job.Id && r.Fence == place.Fence);
                    // An agent has a job from when it takes it up; a report that says that ranks run comes sooner, unless it was lost with a silo.
                    if (runs && Now - job.Since > Settled) _started.Add(group.Node);
                    // It has been back since it was told to stop, and has nothing of it.
                    if (runs || job is not { State: JobState.Running, Stop: null } || job.FinishedNodes.Contains(group.Node) || Now - status.SeenAt > Settled) _without.Remove(group.Node);
                    else if (!_without.Add(group.Node)) await LostRanksAsync(place.Fence, group.Node);
                    if (!runs && _stopSentAt != default && status.SeenAt > _stopSentAt + TimeSpan.FromSeconds(1)) _ended.Add(group.Node);
                }
                var silent = status is null ? Now - _unheardSince[group.Node] : Now - status.SeenAt;
                if (silent > Settings.GoneAfter) await owner.TakeTurnAsync(life => life.NodeLost(place.Fence, group.Node, FormattableString.Invariant($"its agent has been silent for {silent.TotalSeconds:0} s")));
            });
    }

    /// <summary>Its agent is there and has none of its ranks, for the second time in a row: whatever ended them was not told.</summary>
    private async Task LostRanksAsync(long fence, string node) => await owner.TakeTurnAsync(life => life.RankFailed(
        new() { Fence = fence, Node = node, Kind = JobReportKind.Failed, Error = "its agent has no ranks of it any more" }, TimeSpan.Zero));

    private bool HasEnded(MeshJob job, string node) => _ended.Contains(node) || job.FinishedNodes.Contains(node) || job.LostNodes.Contains(node);

    private async Task EachAsync(IReadOnlyList<JobWorkers> groups, Func<JobWorkers, Task> call)
    {
        await Parallel.ForEachAsync(
            groups, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
            async (group, _) =>
            {
                try
                {
                    await call(group);
                }
                catch (Exception e)
                {
                    // The others go on; this one is tried again with the next tick.
                    NodeMissed(owner.GetPrimaryKeyString(), group.Node, e.Message);
                }
            });
    }

    [LoggerMessage(LogLevel.Warning, "Job {Job} is not brought further now, and is tried again: {Reason}")]
    private partial void NotDone(string job, string reason);

    [LoggerMessage(LogLevel.Information, "Job {Job}: node {Node} was not reached, and is tried again: {Reason}")]
    private partial void NodeMissed(string job, string node, string reason);
}
