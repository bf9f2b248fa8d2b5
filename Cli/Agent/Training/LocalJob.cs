using InferMesh.Cli.Agent.Config;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>
/// One job on this node. A loop of its own compares what the mesh wants with what runs, whenever either changes, and does the next thing; nothing else starts or ends ranks. A fence is
/// begun once: what came of it is told, and only the next fence starts anything.
/// </summary>
internal sealed class LocalJob
{
    private static readonly TimeSpan AgentGrace = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly string _id;
    private readonly JobRunner _owner;
    private readonly JobFolder _folder;
    private readonly JobTeller _teller;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // What was said from outside; under the gate.
    private JobAssignment? _wanted;
    private TaskCompletionSource? _loss;
    private bool _agentStops, _leaseIsOut, _contact;

    // Written by the loop alone.
    private volatile JobRun? _run;
    private JobStopping? _stopping;
    private long _earlier, _begun, _stopped, _older;
    private int _asked, _hint;
    private bool _ended, _lost;

    /// <param name="first">What the mesh wants first.</param>
    /// <param name="owner">What all jobs of the node share.</param>
    public LocalJob(JobAssignment first, JobRunner owner)
    {
        (_id, _wanted, _owner) = (first.JobId, first, owner);
        _folder = new(owner.Config.WorkDir, _id, owner.Node);
        _teller = new(_id, owner);
        Loop = Task.Run(RunAsync);
    }

    /// <summary>Ends when the mesh wants nothing of the job and nothing of it runs, or when the agent stops.</summary>
    public Task Loop { get; }

    /// <summary>Whether the mesh wants nothing of it.</summary>
    public bool IsUnwanted
    {
        get
        {
            lock (_gate) return _wanted is null;
        }
    }

    /// <summary>Its ranks, be they ended; null when it has none.</summary>
    public JobRun? Run => _run;

    /// <summary>Fence of ranks that run, or whose end the mesh has not taken yet; null when there are none.</summary>
    public long? RunningFence => _run is { } run && !(run.IsOver && _teller.IsAllTaken) ? run.Fence : null;

    /// <summary>Takes what the mesh wants now; null for nothing.</summary>
    public void Want(JobAssignment? assignment) => Say(() => _wanted = assignment);

    /// <summary>The mesh has not answered for too long.</summary>
    /// <returns>Ends when no rank runs any more.</returns>
    public Task LeaseRanOut()
    {
        var loss = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Say(() =>
        {
            (_loss, var before) = (loss, _loss);
            before?.SetResult();
            (_leaseIsOut, _contact) = (true, false);
        });
        return Task.WhenAny(loss.Task, Loop);
    }

    /// <summary>The mesh has answered, and what it wants is taken.</summary>
    public void Contact() => Say(() => (_contact, _leaseIsOut) = (true, false));

    /// <summary>The agent stops: ranks get a short grace, and nothing is told.</summary>
    public void AgentStops() => Say(() => _agentStops = true);

    private void Say(Action change)
    {
        lock (_gate) change();
        Wake();
    }

    private void Wake() => Interlocked.Exchange(ref _news, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private async Task RunAsync()
    {
        _earlier = JobRules.IsId(_id) ? _folder.BegunFence() : 0;
        while (true)
        {
            var news = Volatile.Read(ref _news).Task;
            JobAssignment? wanted;
            TaskCompletionSource? loss;
            bool agentStops, leaseIsOut, contact;
            lock (_gate)
            {
                (wanted, agentStops, leaseIsOut, contact, loss) = (_wanted, _agentStops, _leaseIsOut, _contact, _loss);
                (_contact, _loss) = (false, null);
            }

            if (agentStops)
            {
                await EndWithAgentAsync();
                return;
            }

            var wait = Timeout.InfiniteTimeSpan;
            try
            {
                if (loss is not null) await LoseAsync();
                loss?.SetResult();
                wait = await StepAsync(wanted, leaseIsOut, contact);
            }
            catch (Exception exception)
            {
                // A broken disk, or a bug: the mesh hears of it, and the agent goes on.
                await FailAsync(new(null, null, $"the agent cannot go on with the job: {exception.Message}"));
            }

            if (wanted is null && _owner.Release(_id, this))
                return;
            await Task.WhenAny(news, Task.Delay(wait, _owner.Time));
        }
    }

    /// <summary>Does the next thing.</summary>
    /// <returns>How long there is nothing to do unless something happens.</returns>
    private async Task<TimeSpan> StepAsync(JobAssignment? wanted, bool leaseIsOut, bool contact)
    {
        if (_run is { } run && (wanted is null || wanted.Fence > run.Fence))
        {
            if (!run.IsOver) _owner.Log.Killed(_id, run.Fence, wanted is null ? "the mesh has no such job here any more" : $"fence {wanted.Fence} follows");
            await ForgetAsync(run);
        }

        // What is wanted is what was, until the mesh answers again.
        if (wanted is null || leaseIsOut)
            return Timeout.InfiniteTimeSpan;
        if (wanted.Fence < _begun)
        {
            if (_older != wanted.Fence) _owner.Log.Older(_id, wanted.Fence, _begun);
            _older = wanted.Fence;
            return Timeout.InfiniteTimeSpan;
        }

        if (_lost && contact)
        {
            _lost = false;
            if (wanted.Fence == _begun && wanted.Order == JobOrder.Run) Fail(new(null, null, "lease ran out"));
        }

        await LookAtEndAsync();
        return wanted.Order switch
        {
            JobOrder.Run => await FollowRunAsync(wanted),
            JobOrder.Stop => await FollowStopAsync(wanted),
            _ => Timeout.InfiniteTimeSpan,
        };
    }

    private async Task<TimeSpan> FollowRunAsync(JobAssignment wanted)
    {
        if (_begun != wanted.Fence)
        {
            (_begun, _ended, _asked, _hint, _stopping) = (wanted.Fence, false, wanted.CheckpointRequest, wanted.HintRevision, null);
            if (await BeginAsync(wanted) is { } failure) await FailAsync(failure);
            return Timeout.InfiniteTimeSpan;
        }

        if (_run is { } run && !_ended)
        {
            if (wanted.CheckpointRequest > _asked) run.AskCheckpoint();
            if (wanted.HintRevision != _hint) Describe(wanted);
        }

        (_asked, _hint) = (Math.Max(_asked, wanted.CheckpointRequest), wanted.HintRevision);
        return Timeout.InfiniteTimeSpan;
    }

    /// <returns>Null, or why the ranks do not run.</returns>
    private async Task<RankFailure?> BeginAsync(JobAssignment wanted)
    {
        if (JobRules.Refuse(wanted, _owner.Config) is { } refusal)
            return new(null, null, refusal);
        if (_earlier >= wanted.Fence)
            return new(null, null, "the agent has begun with this fence before and has no ranks of it any more");
        var (file, first) = wanted.Command[0] == TrainingConfig.Trainer ? TrainerProgram.Find() : (Executables.Find(wanted.Command[0]), []);
        if (file is null)
            return new(null, null, $"there is no program {wanted.Command[0]} on this node");
        _folder.Create();
        _folder.Begin(wanted.Fence);
        _folder.Describe(wanted);
        _folder.DescribeTopology(_owner.Config.Topology);
        var run = _run = new JobRun(wanted, _owner.Node, _teller.Tell, Wake);
        if (await run.StartAsync(_folder, file, [.. first, .. wanted.Command.Skip(1)]) is { } failure)
            return failure;
        _owner.Log.Started(_id, wanted.Fence, wanted.Ranks.Count, wanted.WorldSize, _folder.Path);
        _teller.Tell(JobReportKind.Started, wanted.Fence);
        run.StartIsTold();
        return null;
    }

    /// <summary>Tells of the end of the ranks, once; when one ended badly, the others end too.</summary>
    private async Task LookAtEndAsync()
    {
        if (_run is not { } run || _ended || _stopping is { Terminated: true })
            return;
        if (run.IsFinished)
        {
            _ended = true;
            await run.KillAsync();
            _owner.Log.Finished(_id, run.Fence);
            _teller.Tell(JobReportKind.Finished, run.Fence);
        }
        else if (run.Failure() is { } failure)
        {
            // While it is being stopped nobody asks how its ranks end.
            if (_stopping is null) Fail(failure);
            _ended = true;
            await run.KillAsync();
        }
    }

    private async Task<TimeSpan> FollowStopAsync(JobAssignment wanted)
    {
        if (_stopped == wanted.Fence)
            return Timeout.InfiniteTimeSpan;
        if (_run is { } run)
        {
            _stopping ??= new(run, _owner.Time);
            var left = _stopping.Step(wanted);
            if (!run.IsOver && left > TimeSpan.Zero)
                return left;
            // Over, or out of time; whatever the ranks have started goes with them.
            await run.KillAsync();
            await LookAtEndAsync();
        }

        // A fence that is stopped before it began does not begin any more.
        (_begun, _stopped) = (wanted.Fence, wanted.Fence);
        _owner.Log.Stopped(_id, wanted.Fence);
        _teller.Tell(JobReportKind.Stopped, wanted.Fence);
        return Timeout.InfiniteTimeSpan;
    }

    private void Describe(JobAssignment wanted)
    {
        try
        {
            _folder.Describe(wanted);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A hint makes steps faster, no more: the job goes on without it.
            _owner.Log.NotWritten(_id, wanted.Fence, exception.Message);
        }
    }

    private async Task LoseAsync()
    {
        if (_run is not { } run)
            return;
        // Ranks that had ended have been told of: that still holds.
        _lost |= !_ended && _stopped != run.Fence;
        if (!run.IsOver) _owner.Log.Killed(_id, run.Fence, "the mesh has not answered within the lease");
        await ForgetAsync(run);
    }

    private async Task ForgetAsync(JobRun run)
    {
        await run.KillAsync();
        (_run, _stopping) = (null, null);
    }

    private async Task EndWithAgentAsync()
    {
        if (_run is not { } run)
            return;
        run.Terminate();
        await run.Over.WaitAsync(AgentGrace, _owner.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await run.KillAsync();
    }

    private async Task FailAsync(RankFailure failure)
    {
        Fail(failure);
        if (_run is { } run) await run.KillAsync();
    }

    private void Fail(RankFailure failure)
    {
        _ended = true;
        _owner.Log.Failed(_id, _begun, JobTeller.OneLine(failure.Error));
        _teller.Tell(_begun, failure);
    }
}
