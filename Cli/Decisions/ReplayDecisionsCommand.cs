using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;
using InferMesh.Cli.Sim.Plugins;
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
        var challenger = new Option<string?>("--strategy-plugin") { Description = "Put the decisions to the strategy of this plugin instead, a folder or a zip archive, and compare. One for .NET is code that this command runs.", HelpName = "PACKAGE" };
        var parameter = new Option<string[]>("--parameter", "-p") { Description = "Parameter of that strategy, name=value; may be repeated.", DefaultValueFactory = static _ => [] };
        var plugin = new Option<string[]>("--plugin") { Description = "Package of a plugin that made some of the decisions, to make them again; may be repeated. It is known by its digest.", DefaultValueFactory = static _ => [], HelpName = "PACKAGE" };
        var output = new OutputOption(["table", "json"]);
        var command = new Command("replay-decisions", "Make recorded decisions again and compare: bit for bit with what was recorded, or with another strategy. Exit code 1 when a decision comes out otherwise.")
        {
            input.Option, strategy, challenger, parameter, plugin, output.Option,
        };
        command.SetAction((parsed, stop) =>
        {
            var form = output.Read(parsed);
            var invocation = parsed.InvocationConfiguration;
            var given = Parameters(parsed.GetValue(parameter)!);
            var (name, package, packages) = (parsed.GetValue(strategy), parsed.GetValue(challenger), parsed.GetValue(plugin)!);
            if (name is not null && package is not null) throw new UsageException("--strategy and --strategy-plugin are two answers to one question: give one of them");
            if (name is null && package is null)
            {
                if (given.Count > 0) throw new UsageException("--parameter is of a strategy: give --strategy or --strategy-plugin as well");
                using var plugins = SimPlugins.Load(packages, 1);
                return Task.FromResult(Again(parsed, input, plugins, form == "json", invocation, stop));
            }
            if (packages.Length > 0) throw new UsageException("--plugin makes recorded decisions again, and what is compared is with what was recorded: the plugin to compare with is --strategy-plugin");
            using var other = package is null ? Challenger.OfCatalogue(name!, given) : Challenger.OfPlugin(package, given);
            return Task.FromResult(Compare(parsed, input, other, form == "json", invocation, stop));
        });
        return command;
    }

    private static int Again(ParseResult parsed, RecordingInput input, SimPlugins? plugins, bool json, InvocationConfiguration invocation, CancellationToken stop)
    {
        var replay = new DecisionReplay();
        var started = Stopwatch.GetTimestamp();
        var read = input.Read(parsed, replay, invocation.Error, stop, plugins is null ? null : plugins.CreateRecorded);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var unused in plugins?.NotRecorded ?? []) invocation.Error.WriteLine($"infermesh: --plugin: {unused} with digest {unused.Digest} made none of these decisions");
        var skipped = Enum.GetValues<Replayable>().Where(r => r != Replayable.Yes && replay.Skipped(r) > 0).ToDictionary(static r => r, replay.Skipped);
        if (json)
        {
            Json(invocation.Output, writer =>
            {
                Head(writer, read, seconds);
                writer.WriteNumber("replayed", replay.Replayed);
                writer.WriteNumber("identical", replay.Identical);
                Counts(writer, "fallbacks", replay.Fallbacks);
                writer.WriteStartObject("skipped");
                foreach (var (why, count) in skipped) writer.WriteNumber(JsonNamingPolicy.CamelCase.ConvertName(why.ToString()), count);
                writer.WriteEndObject();
                writer.WriteStartArray("missingPlugins");
                foreach (var (missing, count) in replay.Missing)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", missing.Name);
                    writer.WriteString("version", missing.Version);
                    writer.WriteString("digest", missing.Digest);
                    writer.WriteNumber("decisions", count);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
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

    private static int Compare(ParseResult parsed, RecordingInput input, Challenger other, bool json, InvocationConfiguration invocation, CancellationToken stop)
    {
        var comparison = new DecisionComparison(other.Create);
        var started = Stopwatch.GetTimestamp();
        var read = input.Read(parsed, comparison, invocation.Error, stop);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (!json)
        {
            invocation.Output.WriteLine(ReplayText.Head(read, seconds));
            invocation.Output.WriteLine(ReplayText.Compared(other, comparison));
            return 0;
        }
        Json(invocation.Output, writer =>
        {
            Head(writer, read, seconds);
            writer.WriteString("strategy", other.Name);
            if (other.Digest is { } digest) writer.WriteString("digest", digest);
            Counts(writer, "fallbacks", other.Fallbacks);
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

    private static void Counts(Utf8JsonWriter writer, string field, IReadOnlyDictionary<string, long> counts)
    {
        writer.WriteStartObject(field);
        foreach (var (why, count) in counts) writer.WriteNumber(why, count);
        writer.WriteEndObject();
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
