using System.CommandLine;
using System.Globalization;
using InferMesh.Cli.Sim.Matrix;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Plugins;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim sweep</c>: runs a matrix of configurations and plots the curves.</summary>
internal static class SweepCommand
{
    public static Command Create(SimulationRun run, TimeProvider time)
    {
        var config = SimOptions.Config();
        var matrix = new Option<string>("--matrix", "-m") { Description = "What varies: rho, strategies, staleness, alpha, mig_share, decision_cost, cells; such as 'rho=.3,.6,.8;staleness=0,1s;strategies=baseline_rr,mesh'.", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "Folder for sweep.csv, sweep.html and the curves as SVG.", Required = true }.NotEmpty();
        var (plugin, seeds, threads, quiet) = (SimOptions.Plugins(), SimOptions.Seeds(3), SimOptions.Threads(), SimOptions.Quiet());
        var command = new Command("sweep", "Run a matrix of configurations and plot the curves; finished places are kept when it is run again.") { config, matrix, plugin, seeds, threads, output, quiet };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var invocation = parsed.InvocationConfiguration;
            var workers = SimOptions.ThreadCount(parsed.GetValue(threads));
            using var plugins = SimPlugins.Load(parsed.GetRequiredValue(plugin), workers);
            if (ConfigFile.Read(parsed.GetRequiredValue(config), invocation.Error, plugins) is not { } read) return InferMeshCommand.ExitUsage;
            var cells = SweepMatrix.Read(parsed.GetRequiredValue(matrix), read, plugins);
            var folder = parsed.GetRequiredValue(output);
            _ = SimOptions.Seeds(parsed.GetValue(seeds), read.Seed);
            var runner = new MatrixRunner(run, folder, workers, parsed.GetValue(quiet) ? TextWriter.Null : invocation.Error, time) { Plugins = plugins };
            var result = await runner.RunAsync(cells, parsed.GetValue(seeds), cancellationToken);
            Write(folder, cells, result, SimPlugins.Note(SimConfigYaml.Write(read), plugins));
            foreach (var (cell, reason) in result.Failed) await invocation.Error.WriteLineAsync($"infermesh: {cell}: {reason}");
            foreach (var doubt in result.Doubts) await invocation.Error.WriteLineAsync($"infermesh: {doubt}");
            await invocation.Output.WriteLineAsync($"Wrote {Path.Combine(folder, "sweep.csv")} ({result.Rows.Count} rows) and sweep.html (synthetic).");
            if (result.Missing > 0) await invocation.Error.WriteLineAsync($"infermesh: interrupted; {result.Missing} of {cells.Count} places are missing, the same command goes on with them");
            return result.ExitCode;
        });
        return command;
    }

    private static void Write(string folder, IReadOnlyList<MatrixCell> cells, MatrixResult result, string configYaml)
    {
        AtomicFile.Write(Path.Combine(folder, "sweep.csv"), result.Csv());
        AtomicFile.Write(Path.Combine(folder, "sweep.html"), SweepPage.Write(cells, result, configYaml));
        var number = 0;
        foreach (var (_, charts) in SweepPage.Groups(cells, result))
            AtomicFile.Write(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"sweep-{++number}.svg")), SvgFile.Grid(charts, 2));
    }
}
