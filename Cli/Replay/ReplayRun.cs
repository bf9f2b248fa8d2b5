using System.Globalization;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>Runs one replay from trace to report.</summary>
internal sealed class ReplayRun(ReplayOptions options, TimeProvider time, TextWriter progress)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly List<RequestOutcome> _outcomes = [];
    private int _errors;
    private int _sent;

    public async Task<ReplayReport> RunAsync(IReadOnlyList<TraceRecord> trace, string commandLine, CancellationToken cancellationToken)
    {
        using var sender = new RequestSender(options, time);
        using var done = new CancellationTokenSource();
        using var loop = new OpenLoop(time, options.MaxInFlight);
        var total = options.Warmup + options.Duration;
        var startedAt = time.GetUtcNow();
        var start = time.GetTimestamp();
        var offsets = trace.Select(record => record.Offset / options.Speed).TakeWhile(offset => offset < total);
        var reporting = ReportProgressAsync(loop, start, done.Token);
        var started = await loop.RunAsync(offsets, start, async index =>
        {
            Interlocked.Increment(ref _sent);
            var outcome = await sender.SendAsync(trace[index], index, trace[index].Offset / options.Speed, start, cancellationToken);
            lock (_gate)
            {
                _outcomes.Add(outcome);
                if (outcome.Error is not null)
                    _errors++;
            }
        }, cancellationToken);
        await done.CancelAsync();
        await reporting;

        var interrupted = cancellationToken.IsCancellationRequested;
        var traceEnd = trace[^1].Offset / options.Speed;
        var sendingEnd = started < trace.Count && !interrupted ? total
            : started == 0 ? TimeSpan.Zero
            : interrupted ? trace[started - 1].Offset / options.Speed : traceEnd;
        return ReplaySummary.Make(options, _outcomes, sendingEnd, startedAt, commandLine, interrupted);
    }

    private async Task ReportProgressAsync(OpenLoop loop, long start, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ProgressInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                int completed, errors;
                lock (_gate)
                    (completed, errors) = (_outcomes.Count, _errors);
                var elapsed = time.GetElapsedTime(start).TotalSeconds;
                await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"replay: {elapsed:0} s, sent {Volatile.Read(ref _sent)}, ended {completed}, errors {errors}, in flight {loop.InFlight}"));
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
