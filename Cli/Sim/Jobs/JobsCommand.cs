using System.CommandLine;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary><c>infermesh sim jobs</c>: what placement strategies do to training jobs on a fabric that does not exist.</summary>
internal static class JobsCommand
{
    private static readonly string[] Known = [.. TrainingCatalog.All.Select(static s => s.Name)];

    public static Command Create()
    {
        var config = new Option<string?>("--config", "-c") { Description = "The configuration, a YAML file." };
        var example = new Option<bool>("--example") { Description = "Print a commented configuration to start from, and do nothing else." };
        var output = new Option<string>("--output", "-o") { Description = "Folder for the results.", DefaultValueFactory = static _ => "jobs" };
        var strategies = new Option<string[]>("--strategies", "-s") { Description = "Strategies to run, instead of the configuration's; may be repeated; all runs every one.", DefaultValueFactory = static _ => [] };
        var (seeds, threads) = (SimOptions.Seeds(1), SimOptions.Threads());
        var command = new Command("jobs", "Simulate training jobs on a fabric: placement, queue, failures and lending (synthetic).") { config, example, output, strategies, seeds, threads };
        command.SetAction((parsed, cancellationToken) =>
        {
            var invocation = parsed.InvocationConfiguration;
            if (parsed.GetValue(example))
            {
                invocation.Output.Write(Page.Resource("sim.example.jobs.yaml"));
                return Task.FromResult(0);
            }
            if (parsed.GetValue(config) is not { } path) throw new UsageException("give --config FILE, or --example for one to start from");
            if (ConfigFile.ReadJobs(path, invocation.Error) is not { } read) return Task.FromResult(InferMeshCommand.ExitUsage);
            if (parsed.GetRequiredValue(strategies) is { Length: > 0 } names) read = read with { Strategies = Names(names) };
            var options = new RunOptions { Seeds = SimOptions.Seeds(parsed.GetValue(seeds), read.Seed), Threads = SimOptions.ThreadCount(parsed.GetValue(threads)), Stop = cancellationToken };
            return RunAsync(read, options, parsed.GetRequiredValue(output), invocation);
        });
        return command;
    }

    private static async Task<int> RunAsync(JobsConfig config, RunOptions options, string folder, InvocationConfiguration invocation)
    {
        var results = await Task.Run(() => Run(config, options), CancellationToken.None);
        // Half of the runs say nothing of the others: equal seeds are what is compared.
        if (results.Count < options.Seeds!.Count * TrainingSimulator.Strategies(config).Count)
        {
            await invocation.Error.WriteLineAsync("infermesh: interrupted; nothing was written");
            return SimCommand.ExitInterrupted;
        }
        var all = JobsSummary.Of(results);
        JobsFolder.Write(folder, JobsConfigYaml.Write(config), results, all);
        JobsTable.Write(invocation.Output, all);
        await invocation.Output.WriteLineAsync($"Wrote {Path.Combine(folder, JobsFolder.ReportFile)}, {JobsFolder.JobsFile}, {JobsFolder.MetricsFile} and {JobsFolder.ConfigFile} (synthetic).");
        return 0;
    }

    private static IReadOnlyList<TrainingResult> Run(JobsConfig config, RunOptions options)
    {
        try
        {
            return TrainingSimulator.Run(config, options);
        }
        catch (InvalidOperationException exception)
        {
            throw new CommandFailedException(exception.Message);
        }
    }

    private static string[] Names(string[] texts)
    {
        var names = texts.SelectMany(static t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).SelectMany(static n => n == "all" ? Known : [n]).Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) throw new UsageException($"--strategies must name at least one of {string.Join(", ", Known)}");
        return Array.Find(names, static n => !Known.Contains(n, StringComparer.Ordinal)) is { } unknown
            ? throw new UsageException($"--strategies: there is no strategy '{unknown}' for training; there are {string.Join(", ", Known)}")
            : names;
    }
}
