using System.Globalization;
using System.Text.Json;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;

namespace InferMesh.Tests.Benchmarks.Simulated;

/// <summary>How fast the simulator is: events per second over sizes (P7), and two runs on two threads against one (P14).</summary>
internal static class SimulatorReport
{
    private static readonly GpuProfileConfig Gpu = new() { Name = "H100-80G", TokensPerS = 240_000, Concurrency = 16, VramTotalGb = 80, BatchWindowMs = 8, KvCacheGbPerReq = 1 };

    public static void Run(string goal)
    {
        if (goal == "p7") Events();
        else Threads();
    }

    /// <summary>Processor time per event of whole runs, all metrics on, setup and results included apart.</summary>
    private static void Events()
    {
        Console.WriteLine("\n### P7: token_rate, 800 requests a second, all metrics on\n\n| strategy | nodes | simulated s | events | CPU s | of it before and after | events/s | cost per event, 512 = 1 |\n|---|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var strategy in new[] { "baseline_rr", "least_queue", "mesh", "hybrid_mesh" })
        {
            // Compiled by the time it counts.
            _ = Time(strategy, 512, 120);
            var first = 0.0;
            foreach (var (nodes, seconds) in new[] { (512, 600), (8_192, 600), (131_072, 300), (1_048_576, 60) })
            {
                var whole = Time(strategy, nodes, seconds);
                var still = Time(strategy, nodes, 0.001);
                var net = Math.Max(1e-9, whole.Seconds - still.Seconds);
                var cost = net / whole.Events;
                if (nodes == 512) first = cost;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {strategy} | {nodes:N0} | {seconds} | {whole.Events:N0} | {whole.Seconds:0.00} | {still.Seconds:0.00} | {1 / cost / 1e6:0.00} M | {cost / first:0.00} |"));
            }
        }
    }

    private static void Threads()
    {
        Console.WriteLine("\n### P14: four seeds on one thread and on two\n\n| round | one thread, s | two threads, s | speed-up | results |\n|--:|--:|--:|--:|---|");
        var config = Config("mesh", 4_096, 120);
        ulong[] seeds = [1, 2, 3, 4];
        _ = SimulationRunner.Run(config, new() { Threads = 2, Seeds = seeds });
        for (var round = 1; round <= 5; round++)
        {
            var (one, oneSeconds) = Wall(1);
            var (two, twoSeconds) = Wall(2);
            var same = JsonSerializer.Serialize(one) == JsonSerializer.Serialize(two) ? "equal to the bit" : "DIFFERENT";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {round} | {oneSeconds:0.00} | {twoSeconds:0.00} | {oneSeconds / twoSeconds:0.00} | {same} |"));
        }

        (IReadOnlyList<StrategyResult> Results, double Seconds) Wall(int threads)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            var results = SimulationRunner.Run(config, new() { Threads = threads, Seeds = seeds });
            return (results, System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    private static (double Seconds, long Events) Time(string strategy, int nodes, double seconds)
    {
        GC.Collect();
        var started = Environment.CpuUsage.TotalTime;
        var result = SimulationRunner.Run(Config(strategy, nodes, seconds), new() { Threads = 1 })[0];
        return ((Environment.CpuUsage.TotalTime - started).TotalSeconds, result.Events);
    }

    private static SimConfig Config(string strategy, int nodes, double seconds)
    {
        var cells = Math.Max(4, nodes / 1024);
        return new()
        {
            DurationS = seconds,
            Strategies = [new(strategy)],
            Workload = new() { Arrival = new() { Rps = 800 } },
            Topology = new() { Cells = cells, NodesPerCell = nodes / cells, GpuProfiles = [Gpu] },
            Service = new() { Model = ServiceModel.TokenRate },
        };
    }
}
