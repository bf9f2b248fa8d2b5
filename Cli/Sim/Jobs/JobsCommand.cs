using System.CommandLine;
using InferMesh.Cli.Sim.Plugins;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary><c>infermesh sim jobs</c>: what placement strategies do to training jobs on a fabric that does not exist.</summary>
internal static class JobsCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config", "-c") { Description = "The configuration, a YAML file." }.NotEmpty();
        var example = new Option<bool>("--example") { Description = "Print a commented configuration to start from, and do nothing else." };
        var output = new Option<string>("--output", "-o") { Description = "Folder for the results.", DefaultValueFactory = static _ => "jobs" }.NotEmpty();
        var strategies = new Option<string[]>("--strategies", "-s") { Description = "Strategies to run, instead of the configuration's; may be repeated; all runs every one.", DefaultValueFactory = static _ => [] };
        var (plugin, seeds, threads) = (SimOptions.Plugins(), SimOptions.Seeds(1), SimOptions.Threads());
        var command = new Command("jobs", "Simulate training jobs on a fabric: placement, queue, failures and lending (synthetic).") { config, example, output, strategies, plugin, seeds, threads };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var invocation = parsed.InvocationConfiguration;
            if (parsed.GetValue(example))
            {
                invocation.Output.Write(Page.Resource("sim.example.jobs.yaml"));
                return 0;
            }
            if (parsed.GetValue(config) is not { } path) throw new UsageException("give --config FILE, or --example for one to start from");
            var workers = SimOptions.ThreadCount(parsed.GetValue(threads));
            using var plugins = SimPlugins.Load(parsed.GetRequiredValue(plugin), workers);
            if (ConfigFile.ReadJobs(path, invocation.Error, plugins) is not { } read) return InferMeshCommand.ExitUsage;
            if (parsed.GetRequiredValue(strategies) is { Length: > 0 } names) read = read with { Strategies = Names(names, plugins) };
            var options = new RunOptions { Seeds = SimOptions.Seeds(parsed.GetValue(seeds), read.Seed), Threads = workers, Strategies = plugins, Stop = cancellationToken };
            return await RunAsync(read, options, SimPlugins.Note(JobsConfigYaml.Write(read), plugins), parsed.GetRequiredValue(output), invocation);
        });
        return command;
    }

    private static async Task<int> RunAsync(JobsConfig config, RunOptions options, string configYaml, string folder, InvocationConfiguration invocation)
    {
        var results = await Task.Run(() => Run(config, options), CancellationToken.None);
        // Half of the runs say nothing of the others: equal seeds are what is compared.
        if (results.Count < options.Seeds!.Count * TrainingSimulator.Strategies(config).Count)
        {
            await invocation.Error.WriteLineAsync("infermesh: interrupted; nothing was written");
            return SimCommand.ExitInterrupted;
        }
        var all = JobsSummary.Of(results);
        JobsFolder.Write(folder, configYaml, results, all);
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

    private static string[] Names(string[] texts, SimPlugins? plugins)
    {
        string[] known = [.. TrainingCatalog.All.Concat(plugins?.Training ?? []).Select(static s => s.Name)];
        var names = texts.SelectMany(static t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).SelectMany(n => n == "all" ? SimOptions.Once(known) : [n]).Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) throw new UsageException($"--strategies must name at least one of {string.Join(", ", known)}");
        return Array.Find(names, n => !known.Contains(n, StringComparer.Ordinal)) is { } unknown
            ? throw new UsageException($"--strategies: there is no strategy '{unknown}' for training; there are {string.Join(", ", known)}")
            : names;
    }
}
