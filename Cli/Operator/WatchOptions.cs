using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary>Reads objects; a list in parts. A part that is null says that there are more, which nobody wants to see.</summary>
internal delegate IAsyncEnumerable<IReadOnlyList<JsonElement>?> ReadObjects(ApiCall call, CancellationToken cancellationToken);

/// <summary>The options <c>--watch</c> and <c>--interval</c>: what is shown once, or again whenever it has changed.</summary>
internal sealed class WatchOptions
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(100);
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Go on and show what changes, until Ctrl+C." };
    private readonly Option<string> _interval = IntervalOption("2s", "--watch");

    public IEnumerable<Option> All => [_watch, _interval];

    /// <summary>An option for the time between two looks.</summary>
    public static Option<string> IntervalOption(string value, string of) => new("--interval") { Description = $"Time between two looks of {of}, such as 500ms or 5s.", DefaultValueFactory = _ => value, HelpName = "DURATION" };

    /// <exception cref="UsageException">It is no such time.</exception>
    public static TimeSpan Interval(ParseResult parsed, Option<string> option) =>
        DurationText.TryParse(parsed.GetValue(option)!, out var value) && value >= Least ? value : throw new UsageException($"--interval must be a duration of 100ms or more, such as 500ms or 5s, not '{parsed.GetValue(option)}'");

    /// <param name="call">Call.</param>
    /// <param name="view">How objects are shown.</param>
    /// <param name="atLength">Whether there is one object, shown at length.</param>
    /// <param name="read">Reads what there is now.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> ShowAsync(ApiCall call, View view, bool atLength, ReadObjects read, CancellationToken cancellationToken)
    {
        var interval = Interval(call.Parsed, _interval);
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        await OnceAsync(call, view, atLength, read, seen, cancellationToken);
        if (!call.Parsed.GetValue(_watch))
            return 0;
        var patience = new Patience(call.Error);
        while (true)
        {
            try
            {
                await Task.Delay(interval, call.Shell.Time, cancellationToken);
                await OnceAsync(call, view, atLength, read, seen, cancellationToken);
                patience.Worked();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return 0;
            }
            catch (CommandFailedException exception) when (patience.Bears(exception))
            {
                await patience.SayAsync(exception);
            }
        }
    }

    private static async Task OnceAsync(ApiCall call, View view, bool atLength, ReadObjects read, Dictionary<string, string> seen, CancellationToken cancellationToken)
    {
        var isFirst = seen.Count == 0;
        var here = new HashSet<string>(StringComparer.Ordinal);
        var (any, isCut) = (false, false);
        await foreach (var part in read(call, cancellationToken))
        {
            if (part is null)
            {
                isCut = true;
                continue;
            }

            var changed = new List<JsonElement>();
            foreach (var item in part)
            {
                var (name, shown) = (view.FullName(item), call.Answers.Shown(item, view, atLength));
                here.Add(name);
                if (!seen.TryGetValue(name, out var before) || before != shown)
                    changed.Add(item);
                seen[name] = shown;
            }

            any = true;
            if (atLength)
            {
                foreach (var item in changed)
                    await call.WriteAsync(item, view);
            }
            else if (changed.Count > 0 || isFirst)
            {
                await call.Answers.RowsAsync(changed, view);
                isFirst = false;
            }
        }

        if (!any && isFirst && !atLength)
            await call.Answers.RowsAsync([], view);
        foreach (var gone in seen.Keys.Where(name => !here.Contains(name)).ToArray())
        {
            seen.Remove(gone);
            // What is behind the cut may be there still.
            if (!isCut)
                await call.Error.WriteLineAsync(Terminal.Clean($"{gone} is gone"));
        }
    }
}
