using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>Turns recorded outcomes into a report; pure.</summary>
internal static class ReplaySummary
{
    public static readonly TimeSpan LateThreshold = TimeSpan.FromMilliseconds(50);

    /// <param name="options">What was asked for.</param>
    /// <param name="all">Every outcome, the warm-up included, in any order.</param>
    /// <param name="sendingEnd">Time since the start at which sending ended.</param>
    /// <param name="startedAt">Wall-clock time of the start.</param>
    /// <param name="commandLine">As given, header values left out.</param>
    /// <param name="interrupted">Whether a signal ended the run.</param>
    public static ReplayReport Make(
        ReplayOptions options, IReadOnlyCollection<RequestOutcome> all, TimeSpan sendingEnd, DateTimeOffset startedAt, string commandLine, bool interrupted)
    {
        var measured = all.Where(outcome => outcome.Scheduled >= options.Warmup).ToList();
        var good = measured.Where(static outcome => outcome.Error is null).ToList();
        var duration = Max(sendingEnd - options.Warmup, TimeSpan.FromMilliseconds(1));
        var end = measured.Count == 0 ? duration : Max(duration, measured.Max(static outcome => outcome.Scheduled + outcome.EndToEnd) - options.Warmup);
        var completionTokens = good.Sum(static outcome => (long)outcome.CompletionTokens);
        return new ReplayReport
        {
            CommandLine = commandLine,
            StartedAt = startedAt,
            Trace = Path.GetFileName(options.TracePath),
            Format = TraceFile.NameOf(options.Format),
            Target = options.Target.ToString(),
            Model = options.Model,
            Api = options.Chat ? "chat" : "completions",
            Stream = options.Stream,
            Speed = options.Speed,
            Seed = options.Seed,
            WarmupSeconds = options.Warmup.TotalSeconds,
            DurationSeconds = Math.Round(duration.TotalSeconds, 3),
            Interrupted = interrupted,
            TargetReached = all.Any(static outcome => outcome.Error is not ErrorKind.Connect),
            Requests = measured.Count,
            Succeeded = good.Count,
            Errors = measured.Count - good.Count,
            ErrorsByKind = new SortedDictionary<string, int>(
                measured.Where(static outcome => outcome.Error is not null).CountBy(static outcome => outcome.Error!).ToDictionary(), StringComparer.Ordinal),
            RequestsPerSecond = Math.Round(measured.Count / duration.TotalSeconds, 3),
            PromptTokens = good.Sum(static outcome => (long)outcome.PromptTokens),
            CompletionTokens = completionTokens,
            CompletionTokensPerSecond = Math.Round(completionTokens / end.TotalSeconds, 1),
            Ttft = Quantiles.Of(good.Where(static outcome => outcome.TimeToFirstToken is not null).Select(static outcome => outcome.TimeToFirstToken!.Value)),
            Tpot = Quantiles.Of(good.Where(static outcome => outcome.TimePerOutputToken is not null).Select(static outcome => outcome.TimePerOutputToken!.Value)),
            E2e = Quantiles.Of(good.Select(static outcome => outcome.EndToEnd)),
            MaxScheduleLagMs = measured.Count == 0 ? 0 : Math.Round(measured.Max(static outcome => outcome.Lag).TotalMilliseconds, 3),
            LateSends = measured.Count(static outcome => outcome.Lag > LateThreshold),
            Nodes = Shares(measured),
            Seconds = PerSecond(measured, options.Warmup, end),
        };
    }

    private static List<NodeShare> Shares(List<RequestOutcome> measured)
    {
        // A request that never reached a server belongs to no node.
        var answered = measured.Where(static outcome => outcome.Error is not ErrorKind.Connect).ToList();
        return
        [
            .. answered.GroupBy(static outcome => outcome.Node)
                .OrderBy(static group => group.Key, StringComparer.Ordinal)
                .Select(group => new NodeShare(
                    group.Key, group.Count(), Math.Round((double)group.Count() / answered.Count, 4),
                    group.Count(static outcome => outcome.Error is not null),
                    Quantiles.Of(group.Where(static outcome => outcome.Error is null).Select(static outcome => outcome.EndToEnd)).P95Ms)),
        ];
    }

    private static SecondCount[] PerSecond(List<RequestOutcome> measured, TimeSpan warmup, TimeSpan end)
    {
        var length = (int)end.TotalSeconds + 1;
        var (sent, completed, errors) = (new int[length], new int[length], new int[length]);
        foreach (var outcome in measured)
        {
            sent[Second(outcome.Scheduled)]++;
            (outcome.Error is null ? completed : errors)[Second(outcome.Scheduled + outcome.EndToEnd)]++;
        }

        return [.. Enumerable.Range(0, length).Select(second => new SecondCount(second, sent[second], completed[second], errors[second]))];

        int Second(TimeSpan at) => Math.Min(length - 1, (int)(at - warmup).TotalSeconds);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
