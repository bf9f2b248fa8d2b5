using Grpc.Core;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Models;

/// <summary>Follows what a node has to do, from whichever target answers, has it done and reports what came of it, until cancelled.</summary>
internal sealed partial class AssignmentWatcher(
    string nodeId, ControlledRuntimes runtimes, IReadOnlyList<StatePlaneTarget> targets, TimeProvider time, Random random, ILogger logger)
{
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(10);
    private readonly Backoff _backoff = new(random);
    private long _version;
    private bool _failing;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var runner = new CommandRunner(runtimes, time, cancellationToken);
        for (var turn = 0; !cancellationToken.IsCancellationRequested; turn++)
        {
            var target = targets[turn % targets.Count];
            var reason = await SessionAsync(target.Client, runner, cancellationToken);
            if (cancellationToken.IsCancellationRequested) return;
            // A node that is being registered is not known for a moment.
            if (!_failing && reason.StatusCode != StatusCode.NotFound) LogLost(logger, nodeId, target.Address, $"{reason.StatusCode}: {reason.Detail.ReplaceLineEndings(" ")}");
            _failing |= reason.StatusCode != StatusCode.NotFound;
            await Task.Delay(_backoff.Next(), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One stream of assignments with the reports beside it, until either breaks.</summary>
    private async Task<Status> SessionAsync(StatePlane.StatePlaneClient client, CommandRunner runner, CancellationToken cancellationToken)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var following = FollowAsync(client, runner, session.Token);
        var reporting = ReportAsync(client, runner, session.Token);
        var ended = await Task.WhenAny(following, reporting);
        await session.CancelAsync();
        await Task.WhenAll(following, reporting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ended.Exception?.InnerException is RpcException failure ? failure.Status : new Status(StatusCode.Unavailable, ended.Exception?.InnerException?.Message ?? "the API ended the stream");
    }

    private async Task FollowAsync(StatePlane.StatePlaneClient client, CommandRunner runner, CancellationToken cancellationToken)
    {
        using var call = client.WatchAssignments(new() { NodeId = nodeId, Version = _version, Runtimes = { runtimes.Said } }, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            _backoff.Reset();
            if (_failing) LogFound(logger, nodeId);
            _failing = false;
            _version = call.ResponseStream.Current.Version;
            foreach (var command in call.ResponseStream.Current.Commands) LogCommand(logger, command.Action, command.Model, command.Adapter, command.Endpoint, command.Id);
            runner.Take(call.ResponseStream.Current.Commands);
        }
    }

    private async Task ReportAsync(StatePlane.StatePlaneClient client, CommandRunner runner, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var results = await runner.ResultsAsync(cancellationToken);
            var request = new ReportAssignmentRequest { NodeId = nodeId, Results = { results } };
            await client.ReportAssignmentAsync(request, deadline: DateTime.UtcNow + ReportLimit, cancellationToken: cancellationToken);
            runner.Reported(results.Count);
            foreach (var failed in results.Where(r => r.Error.Length > 0)) LogFailed(logger, failed.Id, failed.Error);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Action} of {Model} {Adapter} at {Runtime}, command {Id}")]
    private static partial void LogCommand(ILogger logger, ModelAction action, string model, string adapter, string runtime, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "command {Id} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} gets no commands from {Target}, trying again: {Reason}")]
    private static partial void LogLost(ILogger logger, string node, Uri target, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} gets commands again")]
    private static partial void LogFound(ILogger logger, string node);
}
