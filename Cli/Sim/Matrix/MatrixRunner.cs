using System.Security.Cryptography;
using System.Text;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Plugins;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>What came of a matrix.</summary>
/// <param name="Columns">Columns of the table.</param>
/// <param name="Rows">Rows, in the order of the cells.</param>
/// <param name="Failed">Cells that failed, with the reason.</param>
/// <param name="Missing">Cells that were not run, because the run was stopped.</param>
internal sealed record MatrixResult(IReadOnlyList<string> Columns, IReadOnlyList<MatrixRow> Rows, IReadOnlyList<(string Cell, string Reason)> Failed, int Missing)
{
    public string Csv()
    {
        var csv = new Csv(Columns);
        foreach (var row in Rows) csv.Row(row.Fields);
        return csv.ToString();
    }

    /// <summary>Places where a plugin's figures are in part those of its fallback, a sentence each.</summary>
    public IEnumerable<string> Doubts => Rows.Where(static r => r.Number(MatrixTable.FallbackShare) > 0).Select(r => FormattableString.Invariant(
        $"{string.Join(' ', Columns.TakeWhile(static c => c != "strategy").Select(c => $"{c}={r.Text(c)}"))}: {r.Strategy} is a plugin whose fallback answered {r.Number(MatrixTable.FallbackShare):P1} of its rankings: to that extent the figures are the fallback's."));

    /// <summary>0 done, 1 some cells failed, 130 stopped.</summary>
    public int ExitCode => Missing > 0 ? SimCommand.ExitInterrupted : Failed.Count > 0 ? InferMeshCommand.ExitFailed : 0;
}

/// <summary>
/// Runs the cells of a matrix one after the other, each over all strategies and seeds. A finished cell is kept in a file of its own and not run
/// again while its configuration and seeds stay the same; a cell that fails is reported, and the others go on.
/// </summary>
internal sealed class MatrixRunner(SimulationRun run, string folder, int threads, TextWriter log, TimeProvider time)
{
    /// <summary>Plugins that cells may name; null for none.</summary>
    public SimPlugins? Plugins { get; init; }

    public async Task<MatrixResult> RunAsync(IReadOnlyList<MatrixCell> cells, int seeds, CancellationToken stop)
    {
        if (cells.Count == 0) return new([], [], [], 0);
        var columns = MatrixTable.Header(cells[0].Place.Select(static p => p.Dimension));
        var (rows, failed, missing, began, ran) = (new List<MatrixRow>(), new List<(string, string)>(), 0, time.GetTimestamp(), 0);
        for (var i = 0; i < cells.Count; i++)
        {
            var path = Path.Combine(folder, "cells", $"{cells[i].FileName}-{Fingerprint(cells[i], seeds)}.csv");
            var table = ReadBack(path, columns);
            if (table is null && !stop.IsCancellationRequested)
            {
                var (text, reason) = await RunAsync(cells[i], seeds, columns, stop);
                if (text is not null)
                {
                    AtomicFile.Write(path, text);
                    table = ReadBack(path, columns);
                }
                if (reason is not null) failed.Add((cells[i].Name, reason));
                ran++;
                var left = time.GetElapsedTime(began) / ran * (cells.Count - i - 1);
                await log.WriteLineAsync($"[{i + 1}/{cells.Count}] {cells[i].Name}: {reason ?? (text is null ? "stopped" : "done")}; at most {left:h\\:mm\\:ss} left");
                if (text is null && reason is null) missing++;
            }
            else if (table is null) missing++;
            rows.AddRange(table ?? []);
        }
        return new(columns, rows, failed, missing);
    }

    private async Task<(string? Text, string? Reason)> RunAsync(MatrixCell cell, int seeds, IReadOnlyList<string> columns, CancellationToken stop)
    {
        if (SimConfigValidator.Check(cell.Config, Plugins) is [var first, ..]) return (null, $"failed: {first.Path}: {first.Message}");
        var options = new RunOptions { Seeds = SimOptions.Seeds(seeds, cell.Config.Seed), Threads = threads, Stop = stop, Strategies = Plugins };
        try
        {
            var results = await Task.Run(() => run(cell.Config, options), CancellationToken.None);
            if (results.Any(static r => !r.Complete) || stop.IsCancellationRequested) return (null, null);
            var csv = new Csv(columns);
            foreach (var row in MatrixTable.Rows(cell, MetricsBuilder.Build(results, cell.Config.DurationS))) csv.Row(row);
            return (csv.ToString(), null);
        }
        // One cell of hundreds must not cost the others; the reason is reported and the exit code says that something failed.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return (null, $"failed: {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static IReadOnlyList<MatrixRow>? ReadBack(string path, IReadOnlyList<string> columns) =>
        File.Exists(path) && Csv.Parse(File.ReadAllText(path)) is { } table && table.Columns.SequenceEqual(columns, StringComparer.Ordinal)
            ? [.. table.Rows.Select(r => new MatrixRow(columns, r))]
            : null;

    // What another version of the code said is not what this one says.
    private static readonly string Code = $"{typeof(StrategyCatalog).Module.ModuleVersionId} {typeof(SimConfig).Module.ModuleVersionId}";

    private string Fingerprint(MatrixCell cell, int seeds) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Code}\n{seeds}\n{SimPlugins.Note(SimConfigYaml.Write(cell.Config), Plugins)}")))[..8];
}
