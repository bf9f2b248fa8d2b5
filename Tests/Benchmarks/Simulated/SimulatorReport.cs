using System.Globalization;
using System.Text.Json;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;
using InferMesh.Tests.Benchmarks.Kernel;

namespace InferMesh.Tests.Benchmarks.Simulated;

/// <summary>How fast the simulator is: events per second over sizes (P7), processor time per arrival (P9), and two runs on two threads against one (P14).</summary>
internal static class SimulatorReport
{
    private const double Rps = 800;

    private static readonly GpuProfileConfig Gpu = new() { Name = "H100-80G", TokensPerS = 240_000, Concurrency = 16, VramTotalGb = 80, BatchWindowMs = 8, KvCacheGbPerReq = 1 };

    public static void Run(string goal)
    {
        if (goal == "p7") Events();
        else if (goal == "p9") PerArrival();
        else Threads();
    }

    /// <summary>Processor time per arrival of whole runs, decisions, events and metrics together, beside the decision alone of a simulator that builds its view anew.</summary>
    private static void PerArrival()
    {
        Console.WriteLine("\n### P9: CPU per arrival, a whole run beside the decision alone of a view built anew\n\n| strategy | nodes | view built anew, us | whole run, us | ratio |\n|---|--:|--:|--:|--:|");
        foreach (var (strategy, nodes) in new[] { ("mesh", 512), ("mesh", 8_192), ("hybrid_mesh", 512) })
        {
            var rebuilding = new RebuildingRouter(nodes);
            var naive = Clock.Measure(times =>
            {
                for (var i = 0; i < times; i++) _ = strategy == "mesh" ? rebuilding.Mesh() : rebuilding.Hybrid();
            })[0].MedianNs / 1e3;
            const double seconds = 300;
            _ = Time(strategy, nodes, 60);
            var own = Enumerable.Range(0, 3).Select(_ => Time(strategy, nodes, seconds).Seconds - Time(strategy, nodes, 0.001).Seconds).Order().ElementAt(1) / (Rps * seconds) * 1e6;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {strategy} | {nodes:N0} | {naive:0.0} | {own:0.00} | {naive / own:N0} x |"));
        }
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
            Workload = new() { Arrival = new() { Rps = Rps } },
            Topology = new() { Cells = cells, NodesPerCell = nodes / cells, GpuProfiles = [Gpu] },
            Service = new() { Model = ServiceModel.TokenRate },
        };
    }
}
