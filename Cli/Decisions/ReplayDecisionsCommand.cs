using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;
using InferMesh.Strategies;
using InferMesh.Strategies.Recording;

namespace InferMesh.Cli.Decisions;

/// <summary><c>infermesh replay-decisions</c>: makes recorded decisions again, bit for bit, or puts them to another strategy and says what is different.</summary>
internal static class ReplayDecisionsCommand
{
    public static Command Create()
    {
        var input = new RecordingInput();
        var strategy = new Option<string?>("--strategy", "-s") { Description = "Put the decisions to this strategy of the catalogue instead, and compare." };
        strategy.CompletionSources.Add([.. StrategyCatalog.All.Select(static s => s.Name)]);
        var parameter = new Option<string[]>("--parameter", "-p") { Description = "Parameter of that strategy, name=value; may be repeated.", DefaultValueFactory = static _ => [] };
        var output = new OutputOption(["table", "json"]);
        var command = new Command("replay-decisions", "Make recorded decisions again and compare: bit for bit with what was recorded, or with another strategy. Exit code 1 when a decision comes out otherwise.")
        {
            input.Option, strategy, parameter, output.Option,
        };
        command.SetAction((parsed, stop) =>
        {
            var form = output.Read(parsed);
            var invocation = parsed.InvocationConfiguration;
            var given = Parameters(parsed.GetValue(parameter)!);
            if (parsed.GetValue(strategy) is not { } name)
            {
                if (given.Count > 0) throw new UsageException("--parameter is of a strategy: give --strategy as well");
                return Task.FromResult(Again(parsed, input, form == "json", invocation, stop));
            }
            if (StrategyCatalog.Validate(name, given) is [var first, ..]) throw new UsageException(first.Field == "strategy" ? $"--strategy: {first.Message}" : $"--parameter: {first.Field["parameters.".Length..]}: {first.Message}");
            return Task.FromResult(Compare(parsed, input, name, given, form == "json", invocation, stop));
        });
        return command;
    }

    private static int Again(ParseResult parsed, RecordingInput input, bool json, InvocationConfiguration invocation, CancellationToken stop)
    {
        var replay = new DecisionReplay();
        var started = Stopwatch.GetTimestamp();
        var read = input.Read(parsed, replay, invocation.Error, stop);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var skipped = Enum.GetValues<Replayable>().Where(r => r != Replayable.Yes && replay.Skipped(r) > 0).ToDictionary(static r => r, replay.Skipped);
        if (json)
        {
            Json(invocation.Output, writer =>
            {
                Head(writer, read, seconds);
                writer.WriteNumber("replayed", replay.Replayed);
                writer.WriteNumber("identical", replay.Identical);
                writer.WriteStartObject("skipped");
                foreach (var (why, count) in skipped) writer.WriteNumber(JsonNamingPolicy.CamelCase.ConvertName(why.ToString()), count);
                writer.WriteEndObject();
                writer.WriteStartArray("differences");
                foreach (var d in replay.Differences)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("decision", d.Number);
                    writer.WriteString("at", Time(d.AtTicks));
                    writer.WriteString("strategy", d.Strategy);
                    writer.WriteString("recorded", d.Recorded);
                    writer.WriteString("replayed", d.Replayed);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            });
        }
        else
        {
            invocation.Output.WriteLine(ReplayText.Head(read, seconds));
            invocation.Output.WriteLine(ReplayText.Again(replay, skipped));
        }
        return replay.Identical == replay.Replayed ? 0 : InferMeshCommand.ExitFailed;
    }

    private static int Compare(
        ParseResult parsed, RecordingInput input, string name, IReadOnlyDictionary<string, double> parameters, bool json, InvocationConfiguration invocation, CancellationToken stop)
    {
        var comparison = new DecisionComparison(() => StrategyCatalog.Create(name, parameters));
        var started = Stopwatch.GetTimestamp();
        var read = input.Read(parsed, comparison, invocation.Error, stop);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (!json)
        {
            invocation.Output.WriteLine(ReplayText.Head(read, seconds));
            invocation.Output.WriteLine(ReplayText.Compared(name, comparison));
            return 0;
        }
        Json(invocation.Output, writer =>
        {
            Head(writer, read, seconds);
            writer.WriteString("strategy", name);
            writer.WriteNumber("compared", comparison.Compared);
            writer.WriteNumber("sameFirst", comparison.SameFirst);
            writer.WriteNumber("sameHedge", comparison.SameHedge);
            writer.WriteNumber("otherOutcome", comparison.OtherOutcome);
            writer.WriteNumber("refused", comparison.Refused);
            writer.WriteNumber("recordedSeconds", comparison.RecordedSeconds);
            writer.WriteNumber("regretSeconds", comparison.RegretSeconds);
            Differences("cheaper", comparison.Cheaper);
            Differences("dearer", comparison.Dearer);
            writer.WriteNumber("sameCost", comparison.SameCost);
            writer.WriteBoolean("lacksPrefixes", comparison.LacksPrefixes);
            writer.WriteBoolean("lacksOutcomes", comparison.LacksOutcomes);
            writer.WriteStartArray("nodes");
            foreach (var (node, count) in comparison.Picks.OrderBy(static p => p.Key, StringComparer.Ordinal))
            {
                writer.WriteStartObject();
                writer.WriteString("node", node);
                writer.WriteNumber("recorded", count.Recorded);
                writer.WriteNumber("other", count.Other);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();

            void Differences(string field, (long Decisions, double P50, double P99) values)
            {
                writer.WriteStartObject(field);
                writer.WriteNumber("decisions", values.Decisions);
                writer.WriteNumber("p50Seconds", values.P50);
                writer.WriteNumber("p99Seconds", values.P99);
                writer.WriteEndObject();
            }
        });
        return 0;
    }

    private static Dictionary<string, double> Parameters(string[] texts)
    {
        var parameters = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var at = text.IndexOf('=', StringComparison.Ordinal);
            if (at < 1 || !double.TryParse(text.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) throw new UsageException($"--parameter must be name=number, not '{text}'");
            if (!parameters.TryAdd(text[..at], value)) throw new UsageException($"--parameter: '{text[..at]}' is given twice");
        }
        return parameters;
    }

    private static void Head(Utf8JsonWriter writer, RecordingRead read, double seconds)
    {
        writer.WriteNumber("files", read.Headers.Count);
        writer.WriteNumber("recordings", read.Recordings);
        writer.WriteNumber("damagedFiles", read.Damaged);
        writer.WriteBoolean("synthetic", read.Synthetic);
        writer.WriteNumber("bytes", read.Bytes);
        writer.WriteNumber("decisions", read.Decisions);
        writer.WriteNumber("decisionsPerSecond", Math.Round(read.Decisions / Math.Max(1e-9, seconds)));
    }

    private static void Json(TextWriter output, Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        output.WriteLine(System.Text.Encoding.UTF8.GetString(bytes.ToArray()));
    }

    internal static string Time(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
