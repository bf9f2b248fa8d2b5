using System.Diagnostics;
using System.Globalization;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks.Recording;

/// <summary>
/// A million decisions, recorded in a simulated mesh (synthetic) by the live kernel, made again on one thread: how many come out the same bit for bit, and how many a second of processor time. Replay is
/// everything: reading the bytes, applying readings and counters, deciding, comparing.
/// </summary>
internal static class ReplayReport
{
    private const long Wanted = 1_000_000;
    private const int Rounds = 3;
    private const double Goal = 500_000;

    public static void Run()
    {
        Console.WriteLine($"\n### Replay of {Wanted:N0} recorded decisions on one thread (recorded in the simulator, synthetic), best of {Rounds} rounds\n");
        Console.WriteLine("| targets | strategy | decisions | identical | bytes a decision | decisions/s | allocated a decision | of the goal, 500,000/s |\n|--:|---|--:|--:|--:|--:|--:|--:|");
        foreach (var targets in new[] { 64, 512 })
        {
            foreach (var strategy in new[] { "mesh", "hybrid_mesh" }) Measure(targets, strategy);
        }
    }

    private static void Measure(int targets, string strategy)
    {
        var files = Record(targets, strategy);
        var (best, identical, decisions, allocated) = (double.MaxValue, 0L, 0L, 0L);
        for (var round = 0; round < Rounds; round++)
        {
            var (replay, reader) = (new DecisionReplay(), new RecordingReader());
            var limit = new First(replay, Wanted);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Process.GetCurrentProcess().TotalProcessorTime;
            foreach (var file in files) reader.Read(file, limit);
            var seconds = (Process.GetCurrentProcess().TotalProcessorTime - start).TotalSeconds;
            (identical, decisions, allocated) = (replay.Identical, replay.Replayed, GC.GetAllocatedBytesForCurrentThread() - before);
            best = Math.Min(best, seconds);
        }
        var rate = decisions / best;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {targets} | {strategy} | {decisions:N0} | {identical:N0} | {files.Sum(static f => (double)f.Length) / decisions:F0} | {rate:N0} | {(double)allocated / decisions:F1} B | {rate / Goal:F2} {(rate >= Goal ? "met" : "MISSED")} |"));
        if (identical != decisions) throw new InvalidOperationException($"{decisions - identical} decisions came out otherwise.");
    }

    private static IReadOnlyList<byte[]> Record(int targets, string strategy)
    {
        const double rho = 0.8;
        var config = new SimConfig
        {
            DurationS = 10_000,
            Workload = new() { Arrival = new() { Rho = rho } },
            Topology = new() { Cells = 8, NodesPerCell = targets / 8, GpuProfiles = [new() { Name = "H100-80G" }, new() { Name = "L40S-48G" }] },
            Strategies = [new(strategy)],
        };
        using var enough = new CancellationTokenSource();
        var sink = new Memory(enough);
        SimulationRunner.Run(config, new() { Threads = 1, Record = (_, _, _) => sink, Stop = enough.Token });
        return sink.Files;
    }

    /// <summary>The first decisions of a recording.</summary>
    private sealed class First(DecisionReplay inner, long most) : IRecordingVisitor
    {
        public void Decided(in RecordedDecision decision)
        {
            if (inner.Replayed < most) inner.Decided(decision);
        }

        public void Sent(IRoutingStrategy strategy, in RankingInput input, int target) => inner.Sent(strategy, input, target);

        public void Learned(IRoutingStrategy strategy, in Outcome outcome) => inner.Learned(strategy, outcome);
    }

    /// <summary>Keeps files in memory until there are enough decisions.</summary>
    private sealed class Memory(CancellationTokenSource enough) : IRecordingSink
    {
        private readonly List<MemoryStream> _files = [];
        private long _decisions;

        public IReadOnlyList<byte[]> Files => [.. _files.Select(static f => f.ToArray())];

        public bool TryWrite(byte[] bytes, int file, bool begins, int decisions)
        {
            if (begins) _files.Add(new());
            if (_decisions >= Wanted) return true;
            _files[^1].Write(bytes);
            _decisions += BitConverter.ToInt32(bytes, (begins ? RecordingFormat.HeaderBytes : 0) + 12);
            if (_decisions >= Wanted) enough.Cancel();
            return true;
        }
    }
}
