using System.CommandLine;
using InferMesh.Cli.Sim.Matrix;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Plugins;
using InferMesh.Cli.Sim.Report;
using InferMesh.Cli.Sim.Study;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim study</c>: every strategy over the whole matrix of loads, fleets, staleness, cells and workloads.</summary>
internal static class StudyCommand
{
    public static Command Create(SimulationRun run, TimeProvider time)
    {
        var quick = new Option<bool>("--quick") { Description = "The corners that matter most, in minutes." };
        var full = new Option<bool>("--full") { Description = "The whole matrix, up to two hours on two cores." };
        var only = new Option<string?>("--only") { Description = "Places to run, such as \"rho=0.8 fleet=mixed\"; all without it." };
        var output = new Option<string>("--output", "-o") { Description = "Folder for study.csv, prefix.csv, curves and summary.", Required = true }.NotEmpty();
        var docs = new Option<string?>("--docs") { Description = "Page to generate from the tables, with its curves in img/ beside it." }.NotEmpty();
        var (plugin, seeds, threads, quiet) = (SimOptions.Plugins(), SimOptions.Seeds(5), SimOptions.Threads(), SimOptions.Quiet());
        var command = new Command("study", "Run the strategy study; finished places are kept when it is run again.") { quick, full, only, plugin, output, seeds, threads, docs, quiet };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(quick) == parsed.GetValue(full)) throw new UsageException("give one of --quick and --full");
            var size = parsed.GetValue(full) ? StudySize.Full : StudySize.Quick;
            var (invocation, folder, count) = (parsed.InvocationConfiguration, parsed.GetRequiredValue(output), SimOptions.Seeds(parsed.GetValue(seeds), 1).Count);
            var log = parsed.GetValue(quiet) ? TextWriter.Null : invocation.Error;
            var workers = SimOptions.ThreadCount(parsed.GetValue(threads));
            // Before hours of work: a mistake in what to run.
            using var plugins = SimPlugins.Load(parsed.GetRequiredValue(plugin), workers);
            var chosen = Chosen(StudyMatrix.Cells(size), parsed.GetValue(only), plugins);
            if (parsed.GetValue(docs) is not null && (parsed.GetValue(only) is not null || plugins is not null)) throw new UsageException("--docs takes the whole study of the catalogue, without --only and --plugin");
            var prefix = await new MatrixRunner(run, Path.Combine(folder, "prefix"), workers, log, time).RunAsync(parsed.GetValue(only) is null ? PrefixScenario.Cells(size) : [], count, cancellationToken);
            var study = await new MatrixRunner(run, folder, workers, log, time) { Plugins = plugins }.RunAsync(chosen, count, cancellationToken);

            AtomicFile.Write(Path.Combine(folder, "study.csv"), study.Csv());
            AtomicFile.Write(Path.Combine(folder, "prefix.csv"), prefix.Csv());
            WritePage(Path.Combine(folder, "summary.md"), size, count, study, prefix);
            if (parsed.GetValue(docs) is { } page)
            {
                WritePage(page, size, count, study, prefix);
                AtomicFile.Write(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(page))!, "data", "study.csv"), study.Csv());
                AtomicFile.Write(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(page))!, "data", "prefix.csv"), prefix.Csv());
            }

            foreach (var (cell, reason) in prefix.Failed.Concat(study.Failed)) await invocation.Error.WriteLineAsync($"infermesh: {cell}: {reason}");
            await invocation.Output.WriteLineAsync($"Wrote {Path.Combine(folder, "study.csv")} ({study.Rows.Count} rows) and summary.md (synthetic); the mesh family loses to round robin in {StudyFindings.Losses(study.Rows).Count()} of its comparisons.");
            var missing = study.Missing + prefix.Missing;
            if (missing > 0) await invocation.Error.WriteLineAsync($"infermesh: interrupted; {missing} places are missing, the same command goes on with them");
            return Math.Max(study.ExitCode, prefix.ExitCode);
        });
        return command;
    }

    /// <summary>The places that were asked for; plugins that rank stand beside the strategies of each.</summary>
    private static MatrixCell[] Chosen(IReadOnlyList<MatrixCell> cells, string? only, SimPlugins? plugins)
    {
        var wanted = (only ?? "").Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        StrategyConfig[] others = [.. plugins?.Ranking.Select(static name => new StrategyConfig(name)) ?? []];
        MatrixCell[] chosen =
        [
            .. cells.Where(cell => wanted.All(w => cell.Place.Any(p => $"{p.Dimension}={p.Value}" == w)))
                .Select(cell => others.Length == 0 ? cell : cell with { Config = cell.Config with { Strategies = [.. cell.Config.Strategies, .. others] } }),
        ];
        return chosen.Length > 0 ? chosen : throw new UsageException($"--only: no place is '{only}'; a place is such as {cells[0].Name}");
    }

    private static void WritePage(string path, StudySize size, int seeds, MatrixResult study, MatrixResult prefix)
    {
        AtomicFile.Write(path, StudyPage.Write(size, seeds, study, prefix, "img"));
        foreach (var workload in StudyMatrix.Workloads)
        {
            if (StudyPage.Charts(study.Rows, workload) is { Count: > 0 } charts)
                AtomicFile.Write(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "img", $"study-{workload.Replace('_', '-')}.svg"), SvgFile.Grid(charts, 2));
        }
    }
}
