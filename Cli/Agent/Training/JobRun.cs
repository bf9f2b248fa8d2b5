using System.ComponentModel;
using System.Globalization;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>A rank that ended badly or did not start.</summary>
/// <param name="Rank">Rank; null when it is about all.</param>
/// <param name="ExitCode">Exit code; null when it did not start.</param>
/// <param name="Error">Why, in one line.</param>
internal sealed record RankFailure(int? Rank, int? ExitCode, string Error);

/// <summary>The ranks of one placement of a job on this node, from their start to their end.</summary>
internal sealed class JobRun
{
    private readonly JobAssignment _assignment;
    private readonly string _node;
    private readonly Action<JobRun, RankMessage> _told;
    private readonly Action _changed;
    private readonly int _first;
    private volatile RankProcess[] _ranks = [];
    private readonly Lock _gate = new();
    private volatile bool _started, _killed;
    private List<RankMessage>? _early = [];
    private int _checkpoints;

    /// <param name="assignment">What to run.</param>
    /// <param name="node">This node.</param>
    /// <param name="told">Told of steps and checkpoints, on any thread.</param>
    /// <param name="changed">Called when a rank has ended or a checkpoint is written, on any thread.</param>
    public JobRun(JobAssignment assignment, string node, Action<JobRun, RankMessage> told, Action changed)
    {
        (_assignment, _node, _told, _changed) = (assignment, node, told, changed);
        _first = assignment.Ranks.Min(static rank => rank.Rank);
    }

    public long Fence => _assignment.Fence;

    /// <summary>Checkpoints that its ranks have told of.</summary>
    public int Checkpoints => Volatile.Read(ref _checkpoints);

    /// <summary>Whether no rank runs any more.</summary>
    public bool IsOver => _started && Over.IsCompleted;

    /// <summary>Ends when no rank runs any more.</summary>
    public Task Over => Task.WhenAll(_ranks.Select(static rank => rank.Ended));

    /// <summary>Whether all ranks ended well.</summary>
    public bool IsFinished => _ranks.Length == _assignment.Ranks.Count && _ranks.All(static rank => rank.Ended is { IsCompletedSuccessfully: true, Result: 0 });

    /// <summary>Ids of its processes, in the order of ranks.</summary>
    public IReadOnlyList<int> ProcessIds => [.. _ranks.Select(static rank => rank.ProcessId)];

    /// <summary>The rank that ended badly first; null when none has.</summary>
    public RankFailure? Failure()
    {
        var bad = _ranks.Where(static rank => rank.Ended.IsCompleted && !(rank.Ended.IsCompletedSuccessfully && rank.Ended.Result == 0)).MinBy(static rank => rank.EndedAt);
        if (bad is null)
            return null;
        var code = bad.Ended.IsCompletedSuccessfully ? bad.Ended.Result : (int?)null;
        return new(bad.Rank, code, $"rank {bad.Rank} ended with exit code {code}{(bad.LastLine.Length > 0 ? ": " + bad.LastLine : "")}");
    }

    /// <summary>Starts the ranks.</summary>
    /// <returns>Null, or why not all have started; then none runs.</returns>
    public async Task<RankFailure?> StartAsync(JobFolder folder, string file, IReadOnlyList<string> arguments)
    {
        var own = Environment.GetEnvironmentVariables();
        foreach (var rank in _assignment.Ranks.OrderBy(static rank => rank.Rank))
        {
            try
            {
                var process = await RankProcess.StartAsync(new(rank.Rank, file, arguments, RankEnvironment.Of(_assignment, rank, _node, folder, own), folder.Path), Told);
                _ranks = [.. _ranks, process];
                _ = process.Ended.ContinueWith(_ => _changed(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (Exception exception) when (exception is Win32Exception or IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                await KillAsync();
                _started = true;
                return new(rank.Rank, null, $"rank {rank.Rank} did not start: {exception.Message}");
            }
        }

        _started = true;
        return null;
    }

    /// <summary>The start of all was told: what ranks have said by now is told too, and from now on at once.</summary>
    public void StartIsTold()
    {
        lock (_gate)
        {
            foreach (var message in _early ?? []) _told(this, message);
            _early = null;
        }
    }

    public void AskCheckpoint()
    {
        foreach (var rank in _ranks) rank.AskCheckpoint();
    }

    public void Terminate()
    {
        foreach (var rank in _ranks) rank.Terminate();
    }

    /// <summary>Kills what is left of its ranks and of what they started, and waits for the end of all of it.</summary>
    public async Task KillAsync()
    {
        _killed = true;
        foreach (var rank in _ranks) rank.Kill();
        await Over.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What has left their groups is of the same fence.
        await LeftBehind.KillAsync(
            $"{RankEnvironment.Node}={_node}", $"{RankEnvironment.Job}={_assignment.JobId}", string.Create(CultureInfo.InvariantCulture, $"{RankEnvironment.Fence}={Fence}"));
    }

    private void Told(int rank, RankMessage message)
    {
        if (message.CheckpointRef is null)
        {
            // All ranks of a node do the same steps: one of them is enough. What a rank says that is being killed is no progress.
            if (rank == _first && !_killed) Tell(message);
            return;
        }

        Interlocked.Increment(ref _checkpoints);
        Tell(message);
        _changed();
    }

    private void Tell(RankMessage message)
    {
        lock (_gate)
        {
            if (_early is null)
            {
                _told(this, message);
                return;
            }

            if (message.CheckpointRef is null) _early.RemoveAll(static earlier => earlier.CheckpointRef is null);
            _early.Add(message);
        }
    }
}
