using System.CommandLine;

namespace InferMesh.Cli.Trainer;

/// <summary><c>infermesh trainer</c>: one rank of a synthetic training job, to see what a mesh does with jobs without a framework.</summary>
internal static class TrainerCommand
{
    private static readonly TimeSpan MostStep = TimeSpan.FromHours(1);

    public static Command Create()
    {
        var defaults = new TrainerOptions();
        var steps = new Option<long>("--steps") { Description = "Steps in all.", DefaultValueFactory = _ => defaults.Steps };
        var stepMs = new Option<double>("--step-ms") { Description = "Milliseconds of a step, the exchange between ranks aside.", DefaultValueFactory = _ => defaults.StepLength.TotalMilliseconds };
        var every = new Option<long>("--checkpoint-every") { Description = "Steps between checkpoints; 0 writes only those that are asked for.", DefaultValueFactory = _ => defaults.CheckpointEvery };
        var command = new Command("trainer", "Run one rank of a synthetic training job, as its variables (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, INFERMESH_*) say.") { steps, stepMs, every };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new TrainerOptions
            {
                Steps = parsed.GetValue(steps) is > 0 and var count ? count : throw new UsageException("--steps must be 1 or more"),
                StepLength = parsed.GetValue(stepMs) is >= 0 and var length && length <= MostStep.TotalMilliseconds
                    ? TimeSpan.FromMilliseconds(length)
                    : throw new UsageException("--step-ms must be from 0 to 3600000"),
                CheckpointEvery = parsed.GetValue(every) is >= 0 and var between ? between : throw new UsageException("--checkpoint-every must be 0 or more"),
            }.With(Environment.GetEnvironmentVariable, Environment.CurrentDirectory);
            var run = new TrainerRun(options, parsed.InvocationConfiguration.Output);
            // Reading cannot be cancelled; it ends with the process.
            _ = Task.Run(() => run.ListenAsync(Console.In), CancellationToken.None);
            return await run.RunAsync(cancellationToken);
        });
        return command;
    }
}
