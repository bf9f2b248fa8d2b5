using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>Shows what happened to a job, and what happens until it ends.</summary>
internal static class JobFollowing
{
    private const int PageSize = 1000;
    private const int MaxFailures = 30;
    private const string Truncated = "... older events are no longer kept";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // A stream says something every 15 s.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    public static Command Watch()
    {
        var id = JobCommand.Id();
        return ApiCommand.Create("watch", "Show what happens to a job until it ends: exit code 0 when it completed, else 1.", async (call, cancellationToken) =>
        {
            var job = call.Parsed.GetRequiredValue(id);
            if (!await FollowAsync(call, job, 0, cancellationToken))
                return InferMeshCommand.ExitFailed;
            using var ended = await call.Api.GetAsync(JobCommand.PathOf(job), cancellationToken);
            await call.Answers.TextAsync(JobText.Line(ended.RootElement));
            return ended.RootElement.Text("state") == "completed" ? 0 : InferMeshCommand.ExitFailed;
        }, id);
    }

    public static Command Events()
    {
        var id = JobCommand.Id();
        var after = new Option<long>("--after") { Description = "Number of the last event that you have; 0 for all that are kept." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the job ends, or Ctrl+C." };
        return ApiCommand.Create("events", "Show what happened to a job.", async (call, cancellationToken) =>
        {
            if (call.Parsed.GetValue(after) is not (>= 0 and var cursor))
                throw new UsageException("--after must be 0 or more");
            var job = call.Parsed.GetRequiredValue(id);
            if (call.Parsed.GetValue(follow))
                await FollowAsync(call, job, cursor, cancellationToken);
            else
                await ShowAsync(call, job, cursor, cancellationToken);
            return 0;
        }, id, after, follow);
    }

    private static async Task ShowAsync(ApiCall call, string id, long cursor, CancellationToken cancellationToken)
    {
        for (var more = true; more;)
        {
            using var page = await call.Api.GetAsync(JobCommand.PathOf(id, Query(cursor) + string.Create(CultureInfo.InvariantCulture, $"&limit={PageSize}")), cancellationToken);
            if (page.RootElement.Text("truncated") == "true" && cursor > 0)
                await TruncatedAsync(call);
            foreach (var happened in page.RootElement.Items("items"))
                await call.WriteAsync(happened, JobText.EventView);
            more = page.RootElement.Items("items").Count() == PageSize;
            cursor = page.RootElement.Number("cursor");
        }
    }

    /// <summary>True when the job has ended, false when the caller stopped before. A stream that breaks is opened again where it was.</summary>
    private static async Task<bool> FollowAsync(ApiCall call, string id, long cursor, CancellationToken cancellationToken)
    {
        var connected = false;
        for (var failures = 0; ; failures++)
        {
            try
            {
                await using var stream = await call.Api.StreamAsync(JobCommand.PathOf(id, Query(cursor)), cancellationToken);
                connected = true;
                using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                // Comments are not shown by the parser: they count as a sign of life where bytes come in.
                await using var alive = new WatchedStream(stream, () => silence.CancelAfter(Silence));
                await foreach (var item in SseParser.Create(alive).EnumerateAsync(silence.Token))
                {
                    using var happened = JsonDocument.Parse(item.Data);
                    failures = 0;
                    cursor = happened.RootElement.Number("sequence") is > 0 and var sequence ? sequence : cursor;
                    if (item.EventType == "truncated")
                        await TruncatedAsync(call);
                    else
                        await call.WriteAsync(happened.RootElement, JobText.EventView);
                    await call.Output.FlushAsync(cancellationToken);
                }

                if (await EndedAsync(call, id, cancellationToken))
                    return true;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception exception) when (connected && failures < MaxFailures && exception is HttpRequestException or IOException or OperationCanceledException)
            {
                // The server went away, or fell silent: another one goes on.
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or JsonException)
            {
                throw new CommandFailedException($"no events of {id}: {exception.Message}; check --api");
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A server that stops ends its streams as well.
    private static async Task<bool> EndedAsync(ApiCall call, string id, CancellationToken cancellationToken)
    {
        try
        {
            using var job = await call.Api.GetAsync(JobCommand.PathOf(id), cancellationToken);
            return job.RootElement.Text("state") is "completed" or "failed" or "cancelled";
        }
        catch (CommandFailedException)
        {
            return false;
        }
    }

    private static Task TruncatedAsync(ApiCall call) => call.Json ? call.Output.WriteLineAsync("""{"truncated":true}""") : call.Answers.TextAsync(Truncated);

    private static string Query(long after) => string.Create(CultureInfo.InvariantCulture, $"/events?after={after}");
}
