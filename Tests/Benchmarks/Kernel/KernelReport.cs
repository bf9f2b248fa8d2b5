using System.Globalization;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Tests.Benchmarks.Kernel;

/// <summary>The kernel's benchmarks, each against the obvious code in the same run.</summary>
internal static class KernelReport
{
    private static readonly int[] Sizes = [512, 131_072, 1_048_576];

    public static void Run(string goal)
    {
        switch (goal)
        {
            case "p1":
                Head("P1: exact best three, weights and requests that differ from one decision to the next (mesh)");
                foreach (var count in Sizes) Rank(count, KernelFleet.Mixed(count));
                break;
            case "p13":
                Head("P13: the same where every figure of every node is drawn on its own");
                Rank(131_072, KernelFleet.Adversarial(131_072));
                break;
            case "p2":
                Head("P2: decide, reserve, settle another request, take in a reading of a third target, over a maintained index");
                foreach (var count in Sizes)
                {
                    var (mixed, level) = (KernelFleet.Mixed(count), KernelFleet.Level(count));
                    var naive = Naive(mixed);
                    Line($"{count:N0}, LINQ over objects, best by cost only", naive, naive);
                    foreach (var strategy in UnevenStrategies) Serve(count, "unevenly loaded", mixed, strategy, naive);
                    foreach (var strategy in count == AllAt ? LevelStrategies : UnevenStrategies) Serve(count, "evenly loaded", level, strategy, naive);
                }
                break;
            case "p3":
                Telemetry.Run();
                break;
            default:
                throw new ArgumentException($"There is no benchmark {goal}.", nameof(goal));
        }
    }

    private const int AllAt = 131_072;
    private const int MostFlying = 8_192;
    private static readonly string[] UnevenStrategies = ["least_queue", "mesh"];
    private static readonly string[] LevelStrategies = ["baseline_rr", "least_queue", "heuristic", "mesh", "mesh_hedge", "mesh_stale", "adaptive_mesh", "predictive_mesh", "hybrid_mesh"];

    public static void Head(string title, string columns = "fleet") =>
        Console.WriteLine($"\n### {title}\n\n| {columns} | median | best | of the naive one | bytes |\n|---|--:|--:|--:|--:|");

    public static void Line(string what, Timing timing, Timing baseline) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"| {what} | {Time(timing.MedianNs)} | {Time(timing.BestNs)} | {timing.MedianNs / baseline.MedianNs:0.#####} | {timing.Bytes:0} |"));

    private static string Time(double ns) => ns < 1000 ? string.Create(CultureInfo.InvariantCulture, $"{ns:0} ns") : ns < 1e6
        ? string.Create(CultureInfo.InvariantCulture, $"{ns / 1e3:0.00} us") : string.Create(CultureInfo.InvariantCulture, $"{ns / 1e6:0.00} ms");

    private static void Rank(int count, TargetRow[] rows)
    {
        var asks = KernelFleet.AnyWeights();
        var targets = new TargetSet(KernelFleet.Model, rows);
        targets.Track();
        var scan = new VectorScan(targets, new CostModel());
        var best = new RankedTarget[3];
        int a = 0, b = 0, c = 0;
        var times = Clock.Measure(
            times =>
            {
                for (var i = 0; i < times; i++) { var (request, _, _) = asks[a++ & 1023]; NaiveMesh.Best(rows, request, NaiveMesh.Weights); }
            },
            times =>
            {
                for (var i = 0; i < times; i++) { var (request, policy, weights) = asks[b++ & 1023]; scan.Best(request, weights, policy.Strategy, (ulong)b, best); }
            },
            times =>
            {
                for (var i = 0; i < times; i++) { var (request, policy, _) = asks[c++ & 1023]; DecisionKernel.Pick(targets, request, policy, KernelFleet.NowTicks, (ulong)c, (ulong)c, best); }
            });
        Line($"{count:N0}, LINQ over objects", times[0], times[0]);
        Line($"{count:N0}, vectorised scan", times[1], times[0]);
        Line($"{count:N0}, kernel", times[2], times[0]);
    }

    private static Timing Naive(TargetRow[] rows)
    {
        var asks = KernelFleet.Asks("mesh");
        var a = 0;
        return Clock.Measure(times =>
        {
            for (var i = 0; i < times; i++) NaiveMesh.Best(rows, asks[a++ & 1023].Request, NaiveMesh.Weights);
        })[0];
    }

    private static void Serve(int count, string how, TargetRow[] rows, string strategy, Timing naive)
    {
        var asks = KernelFleet.Asks(strategy);
        var targets = new TargetSet(KernelFleet.Model, rows.Select(r => r with { Local = new() }));
        targets.Track();
        var best = new RankedTarget[3];
        // Every target has been used before, and a quarter of a request each stays in flight, up to a limit.
        foreach (var local in targets.Local)
        {
            local.Dispatch(KernelFleet.NowTicks, 0);
            local.Settle(KernelFleet.NowTicks);
        }
        var (flying, most) = (new Queue<int>(), Math.Min(count / 4, MostFlying));
        var now = KernelFleet.NowTicks;
        int c = 0, turn = 0;
        for (var i = 0; i < 4 * most; i++) One();
        var timing = Clock.Measure(times =>
        {
            for (var i = 0; i < times; i++) One();
        })[0];
        Line($"{count:N0} {how}, {strategy}", timing, naive);

        void One()
        {
            var (request, policy) = asks[c++ & 1023];
            DecisionKernel.Pick(targets, request, policy, now, (ulong)c, (ulong)c, best);
            Take(best[0].Target, request.PromptTokens);
        }

        void Take(int target, int promptTokens)
        {
            targets.Local[target].Dispatch(now, promptTokens / targets.PrefillTokensPerSecond[target]);
            targets.LocalChanged(target);
            flying.Enqueue(target);
            if (flying.Count <= most) return;
            var done = flying.Dequeue();
            targets.Local[done].Settle(now);
            targets.LocalChanged(done);
            // Each target reports once a second, in turn: what others have there, and what of this router it knew of.
            now += TimeSpan.TicksPerSecond / count;
            turn = (turn + 1) % count;
            targets.Update(turn, new(rows[turn].Running + targets.Local[turn].Requests, 0, 0.5, now));
        }
    }
}
