using System.CommandLine;
using InferMesh.Cli.Sim.Output;
using InferMesh.Strategies.Recording;

namespace InferMesh.Cli.Decisions;

/// <summary><c>infermesh decisions</c>: recorded decisions in other forms.</summary>
internal static class DecisionsCommand
{
    public static Command Create() => new("decisions", "Turn recorded decisions into a table of Parquet, or into a workload of the simulator.") { Export(), Workload() };

    private static Command Export()
    {
        var input = new RecordingInput();
        var output = new Option<string>("--output", "-o") { Description = "Parquet file to write.", Required = true }.NotEmpty();
        var command = new Command("export", "Write a row of Parquet for each decision, with what became of it.") { input.Option, output };
        command.SetAction(async (parsed, stop) =>
        {
            var invocation = parsed.InvocationConfiguration;
            var path = Target(parsed.GetRequiredValue(output));
            var ends = new EndsByDecision();
            input.Read(parsed, ends, null, stop);
            var decisions = 0L;
            await AtomicFile.WriteAsync(path, async file =>
            {
                await using var rows = await DecisionRows.CreateAsync(file, ends, stop);
                foreach (var read in input.Each(parsed, rows, invocation.Error, stop))
                {
                    await rows.WriteAsync(stop);
                    decisions = read.Decisions;
                }
                await rows.WriteAsync(stop, all: true);
            });
            invocation.Output.WriteLine(FormattableString.Invariant($"Wrote {decisions:N0} decisions to {path}."));
            return 0;
        });
        return command;
    }

    private static Command Workload()
    {
        var input = new RecordingInput();
        var output = new Option<string>("--output", "-o") { Description = "Configuration of the simulator to write (.yaml); the requests go to a file of the same name that ends in .jsonl.", Required = true }.NotEmpty();
        var model = new Option<string?>("--model") { Description = "Only requests for this model; left out, those for all models, as if they were one." };
        var start = new Option<double>("--start-s") { Description = "Seconds into the recording at which the workload begins." };
        var duration = new Option<double?>("--duration-s") { Description = "Seconds of the recording that are taken; left out, the rest." };
        var command = new Command("workload", "Make a simulator's workload of recorded requests: when they came, how long they were, which text they shared.") { input.Option, output, model, start, duration };
        command.SetAction(async (parsed, stop) =>
        {
            var invocation = parsed.InvocationConfiguration;
            var path = Target(parsed.GetRequiredValue(output));
            if (Path.GetExtension(path) is not (".yaml" or ".yml")) throw new UsageException($"--output must end in .yaml, not '{path}'");
            var from = parsed.GetValue(start) is >= 0 and <= 1e9 and var seconds ? seconds : throw new UsageException("--start-s must be from 0 to 1e9");
            if (parsed.GetValue(duration) is not (null or (> 0 and <= 1e9))) throw new UsageException("--duration-s must be more than 0, and 1e9 at most");
            var ends = new EndsByDecision();
            input.Read(parsed, ends, null, stop);
            var workload = new RecordedWorkload(ends, parsed.GetValue(model));
            input.Read(parsed, workload, invocation.Error, stop);
            var count = await workload.WriteAsync(path, from, parsed.GetValue(duration), stop);
            invocation.Output.WriteLine(FormattableString.Invariant($"Wrote {count:N0} requests over {workload.DurationS:F1} s to {path} and {RecordedWorkload.TraceOf(path)}."));
            foreach (var note in workload.Notes) invocation.Output.WriteLine($"Note: {note}");
            return 0;
        });
        return command;
    }

    private static string Target(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder)
        ? throw new UsageException($"--output: the folder of '{path}' does not exist; create it first")
        : path;
}

/// <summary>The last that was said of each decision: what is read first, since ends come after decisions.</summary>
internal sealed class EndsByDecision : IRecordingVisitor
{
    private readonly Dictionary<ulong, Dictionary<long, RecordedEnd>> _recordings = [];
    private Dictionary<long, RecordedEnd> _present = [];

    /// <summary>How the request of a decision ended; null when nobody said.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="decision">Number of the decision.</param>
    public RecordedEnd? Of(ulong recording, long decision) => _recordings.TryGetValue(recording, out var ends) && ends.TryGetValue(decision, out var end) ? end : null;

    public void Began(in RecordingHeader header)
    {
        if (!_recordings.TryGetValue(header.Recording, out var known)) _recordings.Add(header.Recording, known = []);
        _present = known;
    }

    public void Decided(in RecordedDecision decision)
    {
    }

    public void Ended(in RecordedEnd end) => _present[end.Decision] = end;
}
