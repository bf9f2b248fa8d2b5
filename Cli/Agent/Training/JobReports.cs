using Grpc.Core;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>Sends what ranks did, each job's reports in order, for as long as it takes until the API has them. Thread safe.</summary>
internal sealed partial class JobReports(IReadOnlyList<StatePlaneTarget> targets, TimeProvider time, Random random, ILogger logger, CancellationToken stop)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, JobReportQueue> _queues = new(StringComparer.Ordinal);
    private int _turn;

    /// <summary>Adds a report; a step takes the place of an older one that is not sent yet.</summary>
    /// <returns>Ends when the API has it, or wants it no more.</returns>
    public Task Add(ReportJobRequest report)
    {
        lock (_gate)
        {
            foreach (var quiet in _queues.Where(static queue => queue.Value.IsQuiet).Select(static queue => queue.Key).ToArray()) _queues.Remove(quiet);
            if (!_queues.TryGetValue(report.JobId, out var queue))
                _queues[report.JobId] = queue = new(time);
            var (taken, idle) = queue.Add(report);
            // Not on the caller's thread: the first attempt may do much before it waits.
            if (idle) _ = Task.Run(() => SendAsync(queue), CancellationToken.None);
            return taken;
        }
    }

    private async Task SendAsync(JobReportQueue queue)
    {
        var backoff = new Backoff(random);
        while (!stop.IsCancellationRequested)
        {
            JobReportQueue.Turn turn;
            lock (_gate) turn = queue.Next();
            if (turn.IsIdle)
                return;
            if (turn.Report is not { } report)
            {
                await Task.WhenAny(turn.News, Task.Delay(turn.Wait, time, stop));
                continue;
            }

            if (await TrySendAsync(report, backoff))
            {
                lock (_gate) queue.Sent(report);
            }
        }
    }

    /// <returns>Whether the report is done with.</returns>
    private async Task<bool> TrySendAsync(ReportJobRequest report, Backoff backoff)
    {
        var turn = Volatile.Read(ref _turn);
        var target = targets[turn % targets.Count];
        try
        {
            await target.Client.ReportJobAsync(report, deadline: DateTime.UtcNow + Limit, cancellationToken: stop);
            backoff.Reset();
            return true;
        }
        catch (RpcException exception) when (!stop.IsCancellationRequested)
        {
            // Neither becomes right by being sent again.
            if (exception.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument)
            {
                LogDropped(logger, report.Kind, report.JobId, report.Fence, exception.StatusCode, exception.Status.Detail.ReplaceLineEndings(" "));
                return true;
            }

            if (backoff.Failures == 0) LogFailed(logger, report.Kind, report.JobId, target.Address, exception.StatusCode, exception.Status.Detail.ReplaceLineEndings(" "));
            Interlocked.CompareExchange(ref _turn, (turn + 1) % targets.Count, turn);
            await Task.Delay(backoff.Next(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException && stop.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} of job {Job}, fence {Fence}, is not wanted: {Status}: {Detail}")]
    private static partial void LogDropped(ILogger logger, JobReportKind kind, string job, long fence, StatusCode status, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} of job {Job} does not reach {Target}, trying again: {Status}: {Detail}")]
    private static partial void LogFailed(ILogger logger, JobReportKind kind, string job, Uri target, StatusCode status, string detail);
}
