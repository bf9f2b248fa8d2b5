using Grpc.Core;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>
/// Follows what a node has to do for training jobs, from whichever target answers, and has it done, until cancelled. Ranks end when no target has answered for as long as the mesh allows:
/// it may then have given their place to others.
/// </summary>
internal sealed partial class JobWatcher
{
    private static readonly TimeSpan PollLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostLease = TimeSpan.FromDays(1);

    // A mesh answers at a change or after seconds; one that does not is not asked in a circle.
    private static readonly TimeSpan LeastTurn = TimeSpan.FromMilliseconds(100);
    private readonly NodeConfig _node;
    private readonly TrainingConfig _config;
    private readonly IReadOnlyList<StatePlaneTarget> _targets;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly Backoff _backoff;
    private readonly JobLease _lease;
    private volatile CancellationTokenSource? _poll;
    private volatile Task _losing = Task.CompletedTask;
    private volatile JobRunner? _runner;
    private long _version;
    private bool _failing;

    public JobWatcher(NodeConfig node, TrainingConfig config, IReadOnlyList<StatePlaneTarget> targets, TimeProvider time, Random random, ILogger logger)
    {
        (_node, _config, _targets, _time, _random, _logger) = (node, config, targets, time, random, logger);
        (_backoff, _lease) = (new(random), new(time));
    }

    /// <summary>The jobs; null before the first poll.</summary>
    public JobRunner? Runner => _runner;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // An earlier life of the agent may have been killed; the mesh has given its ranks up, or does so now.
        if (await LeftBehind.KillAsync($"{RankEnvironment.Node}={_node.Id}", $"{RankEnvironment.RankTable}={_config.WorkDir.TrimEnd('/')}/") is > 0 and var left) LogLeft(_logger, left);
        var runner = new JobRunner(_node.Id, _config, new(_targets, _time, _random, _logger, cancellationToken), new(_logger), _time);
        _runner = runner;
        var watching = _lease.WatchAsync(length => Lose(runner, length), cancellationToken);
        try
        {
            for (var turn = 0; !cancellationToken.IsCancellationRequested;)
            {
                var began = _time.GetTimestamp();
                // A rank that hangs in a driver dies late: the mesh then hears that it runs.
                await _losing.WaitAsync(KillLimit, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var target = _targets[turn % _targets.Count];
                if (await PollAsync(target, runner, cancellationToken))
                {
                    if (_time.GetElapsedTime(began) < LeastTurn) await Pause(LeastTurn, cancellationToken);
                    continue;
                }

                turn++;
                await Pause(_backoff.Next(), cancellationToken);
            }
        }
        finally
        {
            await watching;
            await runner.StopAsync();
        }
    }

    /// <returns>Whether the target answered.</returns>
    private async Task<bool> PollAsync(StatePlaneTarget target, JobRunner runner, CancellationToken cancellationToken)
    {
        using var poll = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _poll = poll;
        try
        {
            var request = new PollJobsRequest { NodeId = _node.Id, Cell = _node.Cell, Host = _config.Host, Version = _version, Running = { runner.Running } };
            var asked = _time.GetTimestamp();
            var answer = await target.Client.PollJobsAsync(request, deadline: DateTime.UtcNow + PollLimit, cancellationToken: poll.Token);
            _lease.Answered(answer.LeaseSeconds >= MostLease.TotalSeconds ? MostLease : answer.LeaseSeconds > 0 ? TimeSpan.FromSeconds(answer.LeaseSeconds) : TimeSpan.Zero, asked);
            if (answer.Changed)
            {
                runner.Take(answer.Assignments);
                _version = answer.Version;
            }

            runner.Contact();
            _backoff.Reset();
            if (_failing) LogFound(_logger, _node.Id);
            _failing = false;
            return true;
        }
        catch (RpcException exception)
        {
            // A node that is being registered is not known for a moment.
            if (!cancellationToken.IsCancellationRequested && !_failing && exception.StatusCode != StatusCode.NotFound)
            {
                LogLost(_logger, _node.Id, target.Address, $"{exception.StatusCode}: {exception.Status.Detail.ReplaceLineEndings(" ")}");
                _failing = true;
            }

            return false;
        }
        finally
        {
            _poll = null;
        }
    }

    private void Lose(JobRunner runner, TimeSpan length)
    {
        if (runner.Running is { Count: > 0 } running) LogLease(_logger, _node.Id, length.TotalSeconds, running.Count);
        _losing = runner.LeaseRanOutAsync();
        try
        {
            // It says that ranks run which are being killed.
            _poll?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    private Task<Task> Pause(TimeSpan length, CancellationToken cancellationToken) =>
        Task.WhenAny(Task.Delay(length, _time, cancellationToken));

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} gets no jobs from {Target}, trying again: {Reason}")]
    private static partial void LogLost(ILogger logger, string node, Uri target, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} gets jobs again")]
    private static partial void LogFound(ILogger logger, string node);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Node} has had no answer for {Seconds:0.#} s, the length of its lease: the ranks of {Jobs} jobs are killed, as the mesh may have given their place to others")]
    private static partial void LogLease(ILogger logger, string node, double seconds, int jobs);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} processes of an earlier life of the agent are killed")]
    private static partial void LogLeft(ILogger logger, int count);
}
