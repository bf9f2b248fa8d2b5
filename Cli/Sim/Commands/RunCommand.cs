using System.CommandLine;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Plugins;
using InferMesh.Cli.Sim.Progress;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim run</c>: runs the strategies of a configuration and writes what they did.</summary>
internal static class RunCommand
{
    public static Command Create(SimulationRun run, TimeProvider time)
    {
        var config = SimOptions.Config();
        var output = new Option<string>("--output", "-o") { Description = "Folder for the results.", DefaultValueFactory = static _ => "results" }.NotEmpty();
        var strategy = new Option<string[]>("--strategy", "-s") { Description = "Strategy to run, instead of the configuration's; may be repeated; all runs every one.", DefaultValueFactory = static _ => [] };
        var format = new Option<string>("--format") { Description = "Files of each strategy: json, csv or both.", DefaultValueFactory = static _ => "both" };
        var record = new Option<string?>("--record") { Description = "Folder for the decisions of each run, for infermesh replay-decisions: a folder below it per strategy and seed." }.NotEmpty();
        var (plugin, seeds, threads, quiet) = (SimOptions.Plugins(), SimOptions.Seeds(1), SimOptions.Threads(), SimOptions.Quiet());
        var command = new Command("run", "Run a simulation; Ctrl+C keeps what was simulated so far.") { config, output, strategy, plugin, format, record, seeds, threads, quiet };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var invocation = parsed.InvocationConfiguration;
            var files = Format(parsed.GetRequiredValue(format));
            var workers = SimOptions.ThreadCount(parsed.GetValue(threads));
            using var plugins = SimPlugins.Load(parsed.GetRequiredValue(plugin), workers);
            if (ConfigFile.Read(parsed.GetRequiredValue(config), invocation.Error, plugins) is not { } read) return InferMeshCommand.ExitUsage;
            if (parsed.GetRequiredValue(strategy) is { Length: > 0 } names)
            {
                read = read with { Strategies = SimOptions.Strategies("--strategy", names, read, plugins) };
                ConfigFile.Check(read, "--strategy", plugins);
            }

            if (parsed.GetValue(record) is not null && read.Service.Model == ServiceModel.ReferenceBugs)
                throw new UsageException("--record: service.model is reference_bugs, which has no router whose decisions could be recorded");
            using var recordings = parsed.GetValue(record) is { } folder ? new RunRecordings(folder) : null;
            var options = new RunOptions
            {
                Record = recordings is null ? null : recordings.Open,
                Seeds = SimOptions.Seeds(parsed.GetValue(seeds), read.Seed),
                Threads = workers,
                Strategies = plugins,
                Stop = cancellationToken,
            };
            var results = await RunAsync(run, read, options, parsed.GetValue(quiet), invocation, time);
            var code = Write(parsed.GetRequiredValue(output), read, plugins, MetricsBuilder.Build(results, read.DurationS, options.Seeds.Count), files, invocation);
            recordings?.Check();
            return code;
        });
        return command;
    }

    private static async Task<IReadOnlyList<StrategyResult>> RunAsync(
        SimulationRun run, SimConfig config, RunOptions options, bool quiet, InvocationConfiguration invocation, TimeProvider time)
    {
        await using var progress = ProgressView.Create(quiet, config, options.Seeds!.Count, invocation.Error, time);
        return await Task.Run(() => run(config, options with { Progress = progress.Update }), CancellationToken.None);
    }

    private static int Write(string folder, SimConfig config, SimPlugins? plugins, IReadOnlyList<MetricsDocument> all, ResultFormat files, InvocationConfiguration invocation)
    {
        var complete = all.Count == config.Strategies.Count && all.All(static m => m.Complete);
        if (all.Count == 0)
        {
            invocation.Error.WriteLine("infermesh: interrupted before anything was simulated; nothing was written");
            return SimCommand.ExitInterrupted;
        }

        ResultFolder.Write(folder, SimPlugins.Note(SimConfigYaml.Write(config), plugins), all, files);
        ResultTable.Write(invocation.Output, all);
        invocation.Output.WriteLine($"Wrote {Path.Combine(folder, ResultFolder.ReportFile)}, {ResultFolder.ComparisonFile} and a folder per strategy (synthetic).");
        if (complete) return 0;
        invocation.Error.WriteLine($"infermesh: interrupted; '{folder}' holds what was simulated until then, marked incomplete");
        return SimCommand.ExitInterrupted;
    }

    private static ResultFormat Format(string text) => text switch
    {
        "json" => ResultFormat.Json,
        "csv" => ResultFormat.Csv,
        "both" => ResultFormat.Both,
        _ => throw new UsageException($"--format must be json, csv or both, not '{text}'"),
    };
}
