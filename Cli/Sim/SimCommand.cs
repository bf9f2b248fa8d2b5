using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Fleet;
using InferMesh.Simulator.Engine;
using Spectre.Console;

namespace InferMesh.Cli.Sim;

/// <summary><c>infermesh sim</c>: compares strategies on a simulated fleet.</summary>
internal static class SimCommand
{
    private const int Width = 200;

    public static Command Create()
    {
        var nodes = new Option<int>("--nodes") { Description = "Number of nodes, 1 to 1024.", DefaultValueFactory = static _ => 16 };
        var gpuMix = new Option<string>("--gpu-mix") { Description = "GPU types and their weights.", DefaultValueFactory = static _ => "H100-80G:8,A100-80G:4,L40S-48G:4" };
        var rho = new Option<double>("--rho") { Description = "Load as a share of what the fleet can serve, 0.01 to 2.", DefaultValueFactory = static _ => 0.8 };
        var duration = new Option<string>("--duration") { Description = "How long requests arrive, 1s to 1h.", DefaultValueFactory = static _ => "60s" };
        var period = new Option<string>("--signal-period") { Description = "Time between two readings of a node, 10ms to 60s.", DefaultValueFactory = static _ => "1s" };
        var delay = new Option<string>("--signal-delay") { Description = "Time from a reading to the router, 0s to 60s.", DefaultValueFactory = static _ => "100ms" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of arrivals and lengths; equal seeds give equal results.", DefaultValueFactory = static _ => 1 };
        var strategies = new Option<string>("--strategies") { Description = "Strategies to compare, by name.", DefaultValueFactory = static _ => "baseline_rr,least_queue,heuristic,mesh" };
        var output = new Option<string?>("--output") { Description = "File for the result as JSON." };

        var command = new Command("sim", "Compare strategies on a simulated fleet (synthetic).") { nodes, gpuMix, rho, duration, period, delay, seed, strategies, output };
        command.SetAction((parsed, cancellationToken) =>
        {
            var count = parsed.GetValue(nodes) is >= 1 and <= 1024 and var n ? n : throw new UsageException("--nodes must be from 1 to 1024");
            if (!GpuMix.TryParse(parsed.GetValue(gpuMix)!, out var mix, out var error)) throw new UsageException($"--gpu-mix: {error}");
            var options = new SimulationOptions
            {
                Nodes = mix.Spread(count),
                Rho = parsed.GetValue(rho) is >= 0.01 and <= 2 and var share ? share : throw new UsageException("--rho must be from 0.01 to 2"),
                Duration = SimArguments.Time("--duration", parsed.GetValue(duration)!, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
                SignalPeriod = SimArguments.Time("--signal-period", parsed.GetValue(period)!, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60)),
                SignalDelay = SimArguments.Time("--signal-delay", parsed.GetValue(delay)!, TimeSpan.Zero, TimeSpan.FromSeconds(60)),
                Seed = parsed.GetValue(seed),
            };
            return RunAsync(options, parsed.GetValue(strategies)!, parsed.GetValue(output), parsed.InvocationConfiguration.Output, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(SimulationOptions options, string strategies, string? outputPath, TextWriter output, CancellationToken cancellationToken)
    {
        var chosen = SimArguments.Strategies(strategies);
        if (outputPath is not null && Path.GetDirectoryName(Path.GetFullPath(outputPath)) is { } folder && !Directory.Exists(folder))
            throw new UsageException($"--output: the folder of '{outputPath}' does not exist; create it first");

        var results = await Task.Run(() => Simulation.Run(options, chosen), cancellationToken).WaitAsync(cancellationToken);
        var mix = options.Nodes.CountBy(static p => p.Name).OrderBy(static p => p.Key, StringComparer.Ordinal).ToDictionary();
        var report = new SimReport(
            Synthetic: true, options.Nodes.Count, mix, options.Rho, options.Duration.TotalSeconds, options.SignalPeriod.TotalSeconds, options.SignalDelay.TotalSeconds, options.Seed, results);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = Width;
        SimTable.Write(console, report);
        if (outputPath is not null) await WriteJsonAsync(outputPath, report, cancellationToken);
        return 0;
    }

    private static async Task WriteJsonAsync(string path, SimReport report, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.Create(path);
            await JsonSerializer.SerializeAsync(file, report, SimJson.Default.SimReport, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--output: cannot write '{path}': {exception.Message}");
        }
    }
}
