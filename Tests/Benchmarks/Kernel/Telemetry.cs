using System.Diagnostics;
using System.Globalization;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks.Kernel;

/// <summary>How fast readings get into a set, and what a decision notices of it.</summary>
internal static class Telemetry
{
    private const int Shared = 8_192;

    public static void Run()
    {
        KernelReport.Head("P3: one reading into the set and its index");
        foreach (var count in new[] { 512, 131_072, 1_048_576 })
        {
            Update(count, "cell by cell", static (i, _) => i);
            Update(count, "in random order", static (_, random) => random);
        }
        ReadWhileSwapping();
    }

    private static void Update(int count, string how, Func<int, int, int> pick)
    {
        var rows = KernelFleet.Mixed(count);
        var targets = new TargetSet(KernelFleet.Model, rows);
        targets.Track();
        // Bounds are made for the first strategy that asks.
        targets.Index!.Tree(NaiveMesh.Weights);
        var naive = rows.ToDictionary(r => r.Identity.NodeId);
        var random = new Random(4);
        var order = Enumerable.Range(0, 1 << 20).Select(i => pick(i % count, random.Next(count))).ToArray();
        var names = Array.ConvertAll(order, i => rows[i].Identity.NodeId);
        int a = 0, b = 0;
        var times = Clock.Measure(
            times =>
            {
                for (var i = 0; i < times; i++)
                {
                    var name = names[a++ & 0xFFFFF];
                    naive[name] = naive[name] with { Running = a % 61, Waiting = 0, KvCacheUsage = 0.5, SampledAtTicks = KernelFleet.NowTicks + a };
                }
            },
            times =>
            {
                for (var i = 0; i < times; i++)
                {
                    var target = order[b++ & 0xFFFFF];
                    targets.Update(target, new(b % 61, 0, 0.5, KernelFleet.NowTicks + b));
                }
            });
        KernelReport.Line($"{count:N0} {how}, a new object into a dictionary", times[0], times[0]);
        KernelReport.Line($"{count:N0} {how}, Update", times[1], times[0]);
    }

    /// <summary>The live way: a writer builds whole tables and swaps them as fast as it can, a reader decides on whatever is there.</summary>
    private static void ReadWhileSwapping()
    {
        var rows = KernelFleet.Mixed(Shared);
        var asks = KernelFleet.Asks("mesh");
        var current = new TargetSet(KernelFleet.Model, rows);
        var best = new RankedTarget[3];
        for (var warm = 0; warm < 20_000; warm++) Decide(warm);
        var quiet = Percentiles();
        long tables = 0;
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Volatile.Write(ref current, new TargetSet(KernelFleet.Model, rows));
                tables++;
            }
        });
        writer.Start();
        var started = Stopwatch.GetTimestamp();
        var busy = Percentiles();
        var perSecond = tables * Shared / Stopwatch.GetElapsedTime(started).TotalSeconds;
        stop.Cancel();
        writer.Join();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

            A decision over {Shared:N0} targets, wall time: quiet p50 {quiet.P50:0} ns, p99 {quiet.P99:0} ns; while a writer builds and swaps tables without
            a pause ({perSecond / 1e6:0.0} M readings/s) p50 {busy.P50:0} ns, p99 {busy.P99:0} ns ({busy.P99 / quiet.P99:0.0} times).
            """));

        void Decide(int i)
        {
            var (request, policy) = asks[i & 1023];
            DecisionKernel.Pick(Volatile.Read(ref current), request, policy, KernelFleet.NowTicks, (ulong)i, (ulong)i, best);
        }

        (double P50, double P99) Percentiles()
        {
            var ns = new double[20_000];
            for (var i = 0; i < ns.Length; i++)
            {
                var began = Stopwatch.GetTimestamp();
                Decide(i);
                ns[i] = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            }
            Array.Sort(ns);
            return (ns[ns.Length / 2], ns[ns.Length * 99 / 100]);
        }
    }
}
