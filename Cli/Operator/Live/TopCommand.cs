using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Live;

/// <summary><c>infermesh top</c>: the busiest nodes, cells or models, on the whole terminal; where there is none, one frame. Each frame is one call, sorted and cut by the API.</summary>
internal static class TopCommand
{
    private const int DefaultRows = 20;
    private const int MostRows = 200;
    private static readonly string[] Forms = ["table", "json", "yaml"];
    private static readonly View Whole = View.OfText("stats", "at", static _ => "");

    public static Command Create()
    {
        var of = new Option<string>("--of") { Description = $"What to show: {string.Join(", ", TopState.Parts)}.", DefaultValueFactory = static _ => TopState.Parts[0] };
        var sort = new Option<string>("--sort") { Description = $"Order, the largest first: {string.Join(", ", TopState.Orders)}.", DefaultValueFactory = static _ => TopState.Orders[0] };
        of.CompletionSources.Add(TopState.Parts);
        sort.CompletionSources.Add(TopState.Orders);
        var limit = new Option<int?>("--limit") { Description = $"Most rows, 1 to {MostRows}; by default what the terminal has room for.", HelpName = "NUMBER" };
        var interval = WatchOptions.IntervalOption("2s", "the mesh");
        var iterations = new Option<int?>("--iterations") { Description = "End after so many frames; by default goes on on a terminal, and shows one elsewhere.", HelpName = "NUMBER" };
        return ApiCommand.Create("top", "Show the busiest nodes, cells or models and refresh; q quits.", Forms, RunAsync, of, sort, limit, interval, iterations);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var state = new TopState(Known(call.Parsed, of, TopState.Parts), Known(call.Parsed, sort, TopState.Orders));
            if (call.Parsed.GetValue(limit) is < 1 or > MostRows)
                throw new UsageException($"--limit must be from 1 to {MostRows}");
            if (call.Parsed.GetValue(iterations) is < 1)
                throw new UsageException("--iterations must be 1 or more");
            var (most, pause) = (call.Parsed.GetValue(iterations), WatchOptions.Interval(call.Parsed, interval));
            if (call.Answers.IsText && call.Shell.IsTerminal)
                await new TopScreen(call, state, call.Parsed.GetValue(limit), pause, most).RunAsync(cancellationToken);
            else
                await FramesAsync(call, state, call.Parsed.GetValue(limit) ?? DefaultRows, pause, most ?? 1, cancellationToken);
            return 0;
        }
    }

    /// <summary>Path of the figures of a frame.</summary>
    public static string PathOf(TopState state, int rows) => FormattableString.Invariant($"/api/v1/stats?of={state.Of}&sort={state.Sort}&limit={Math.Clamp(rows, 1, MostRows)}");

    private static async Task FramesAsync(ApiCall call, TopState state, int rows, TimeSpan pause, int frames, CancellationToken cancellationToken)
    {
        try
        {
            for (var frame = 0; frame < frames; frame++)
            {
                if (frame > 0)
                    await Task.Delay(pause, call.Shell.Time, cancellationToken);
                using var stats = await call.Api.GetAsync(PathOf(state, rows), cancellationToken);
                if (call.Answers.IsText)
                    await call.Output.WriteLineAsync(Plain(stats.RootElement, state));
                else
                    await call.WriteAsync(stats.RootElement, Whole);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>A frame without colours, and without blanks where lines end.</summary>
    private static string Plain(JsonElement stats, TopState state)
    {
        var text = new StringWriter();
        PlainConsole.Create(text).Write(TopFrame.Of(stats, state, int.MaxValue, keys: false));
        return string.Join(Environment.NewLine, text.ToString().Split('\n').Select(static line => line.TrimEnd())).TrimEnd();
    }

    private static string Known(ParseResult parsed, Option<string> option, string[] all) =>
        parsed.GetValue(option) is { } value && all.Contains(value) ? value : throw new UsageException($"{option.Name} must be one of {string.Join(", ", all)}, not '{parsed.GetValue(option)}'");
}
