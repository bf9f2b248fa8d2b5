using System.Diagnostics;
using System.Globalization;

namespace InferMesh.Tests.Benchmarks;

/// <summary>
/// What a decision costs in a plugin, beside the built-in: all of them take turns, many short rounds each, and the least round counts, so that whatever else the machine does hits none alone.
/// </summary>
internal static class PluginReport
{
    private const int Rounds = 400, CallsOfARound = 50;

    public static void Run()
    {
        Console.WriteLine("hybrid_mesh among 512 targets, least of " + Rounds + " rounds of " + CallsOfARound + " decisions, in turns.");
        Console.WriteLine("Limits: .NET plugin 1.2 times the built-in, WASM 10 us and 5 times the built-in.\n");
        Console.WriteLine("| targets | bytes | strategy | us | of the built-in | limit, us | |\n|---|---|---|---|---|---|---|");
        foreach (var (tracked, bytes) in new[] { (false, 0), (false, 3_000), (true, 0), (true, 3_000) })
        {
            var benchmark = new PluginBenchmarks { PayloadBytes = bytes };
            benchmark.Setup();
            if (tracked) benchmark.Track();
            Report(tracked ? "tracked" : "scanned", bytes, benchmark);
        }
    }

    private static void Report(string kind, int bytes, PluginBenchmarks benchmark)
    {
        var all = benchmark.All;
        var least = new double[all.Count];
        Array.Fill(least, double.MaxValue);
        for (var round = -Rounds / 4; round < Rounds; round++)
        {
            for (var i = 0; i < all.Count; i++)
            {
                var start = Stopwatch.GetTimestamp();
                for (var call = 0; call < CallsOfARound; call++) all[i].Rank();
                var us = Stopwatch.GetElapsedTime(start).TotalMicroseconds / CallsOfARound;
                if (round >= 0) least[i] = Math.Min(least[i], us);
            }
        }
        for (var i = 0; i < all.Count; i++)
        {
            var limit = i == 0 ? double.NaN : i == 1 ? 1.2 * least[0] : 10 + 5 * least[0];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {kind} | {bytes} | {all[i].Name} | {least[i]:F2} | {least[i] / least[0]:F2} | {(i == 0 ? "" : limit.ToString("F2", CultureInfo.InvariantCulture))} | {(i == 0 ? "" : least[i] <= limit ? "met" : "MISSED")} |"));
        }
    }
}
