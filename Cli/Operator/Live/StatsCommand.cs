using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using InferMesh.Adapters.Runtimes.PrometheusText;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Live;

/// <summary>
/// <c>infermesh stats</c>: a line an interval. Rates and times are of the API that is asked, between two looks at its metrics page; what runs and waits is of the whole mesh.
/// </summary>
internal static class StatsCommand
{
    private static readonly View Line = new("stats",
    [
        Column.Of("TIME", "time"), Column.Number("REQ/S", "requestsPerSecond"), Column.Number("ERR/S", "errorsPerSecond"), Column.Number("SHED/S", "shedsPerSecond"), new("TTFT P50", static s => Ms(s, "ttftP50Ms")),
        new("TTFT P95", static s => Ms(s, "ttftP95Ms")), Column.Number("QUEUED/S", "queuedPerSecond"), new("QUEUE MEAN", static s => Ms(s, "queueMeanMs")), Column.Number("HEDGES/S", "hedgesPerSecond"),
        Column.Number("FAILOVERS/S", "failoversPerSecond"), Column.Number("ACTIVE", "active"), Column.Number("RUNNING", "running"), Column.Number("WAITING", "waiting"), new("LOAD", static s => Units.Percent(s.Amount("load"))),
        new("TOKENS/S", static s => LoadViews.Whole(s.Amount("tokensPerSecond"))), new("READY", static s => $"{s.Text("readyNodes")}/{s.Text("nodes")}"),
    ])
    { Name = static line => line.Text("time") };

    public static Command Create()
    {
        var interval = WatchOptions.IntervalOption("1s", "the mesh");
        var iterations = new Option<int?>("--iterations") { Description = "End after so many lines; by default goes on until Ctrl+C.", HelpName = "NUMBER" };
        return ApiCommand.Create("stats", "Show what the mesh does, a line an interval: requests, TTFT, queue, refusals, hedges, load.", RunAsync, interval, iterations);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            if (call.Parsed.GetValue(iterations) is < 1)
                throw new UsageException("--iterations must be 1 or more");
            try
            {
                await LinesAsync(call, WatchOptions.Interval(call.Parsed, interval), call.Parsed.GetValue(iterations), cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }

            return 0;
        }
    }

    private static async Task LinesAsync(ApiCall call, TimeSpan pause, int? most, CancellationToken cancellationToken)
    {
        var time = call.Shell.Time;
        var before = await FiguresAsync(call, cancellationToken);
        if (before is null)
            await call.Error.WriteLineAsync("infermesh: rates need the permission metrics.read: they are left out");
        var (patience, since) = (new Patience(call.Error), time.GetTimestamp());
        for (var line = 0; most is null || line < most;)
        {
            await Task.Delay(pause, time, cancellationToken);
            try
            {
                using var stats = await call.Api.GetAsync("/api/v1/stats", cancellationToken);
                var now = before is null ? null : await FiguresAsync(call, cancellationToken);
                var seconds = time.GetElapsedTime(since).TotalSeconds;
                since = time.GetTimestamp();
                await call.Answers.RowsAsync([Of(stats.RootElement, before, now, seconds)], Line);
                before = now ?? before;
                line++;
                patience.Worked();
            }
            catch (CommandFailedException exception) when (patience.Bears(exception))
            {
                await patience.SayAsync(exception);
            }
        }
    }

    /// <summary>Null when the caller may not see them.</summary>
    private static async Task<ApiFigures?> FiguresAsync(ApiCall call, CancellationToken cancellationToken)
    {
        try
        {
            return ApiFigures.Of(await call.Api.TextAsync("/metrics", cancellationToken));
        }
        catch (CommandFailedException exception) when (exception.Status == 403)
        {
            return null;
        }
    }

    private static JsonElement Of(JsonElement stats, ApiFigures? before, ApiFigures? now, double seconds)
    {
        var known = before is not null && now is not null && now.Follows(before);
        var (ttft, queue) = known ? (Between(before!.Ttft, now!.Ttft), Between(before.QueueTime, now.QueueTime)) : (null, null);
        var all = stats.GetProperty("all");
        return JsonSerializer.SerializeToElement(new
        {
            time = stats.Time("at"),
            requestsPerSecond = Rate(static f => f.Requests),
            errorsPerSecond = Rate(static f => f.Errors),
            shedsPerSecond = Rate(static f => f.Sheds),
            ttftP50Ms = Milliseconds(ttft?.Quantile(0.5)),
            ttftP95Ms = Milliseconds(ttft?.Quantile(0.95)),
            queuedPerSecond = known ? Round((queue?.Count ?? 0) / seconds) : null,
            queueMeanMs = Milliseconds(queue?.Mean),
            hedgesPerSecond = Rate(static f => f.Hedges),
            failoversPerSecond = Rate(static f => f.Failovers),
            active = now?.Active,
            running = all.Amount("running"),
            waiting = all.Amount("waiting"),
            load = all.Amount("load"),
            tokensPerSecond = all.Amount("generationTokensPerSecond"),
            readyNodes = stats.Amount("nodes.ready"),
            nodes = stats.Amount("nodes.total"),
        });

        double? Rate(Func<ApiFigures, double> of) => known ? Round((of(now!) - of(before!)) / seconds) : null;
    }

    private static PrometheusHistogram? Between(PrometheusHistogram? before, PrometheusHistogram? now) => before is null ? now : now?.Since(before);

    private static double? Milliseconds(double? seconds) => seconds is { } value && double.IsFinite(value) ? Round(value * 1000) : null;

    private static double? Round(double value) => Math.Round(value, 2);

    private static string Ms(JsonElement line, string name) => line.Amount(name) is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0} ms") : "-";
}
