using System.Globalization;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>
/// The data plane beside other proxies in front of the same upstream: requests a second and processor time (P5), added latency, and streams (P6). All take turns in each round;
/// a ratio is the median of the ratios within a round, since what else a machine does meets all of a round.
/// </summary>
internal static class ProxyReport
{
    private const int Connections = 16;
    private const int Streams = 64;
    private const int PeriodMs = 10;
    private const int Rounds = 7;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1.5);

    public static void Run(IReadOnlyCollection<string> goals)
    {
        using var servers = new Servers();
        var contenders = servers.StartAll();
        foreach (var contender in contenders) _ = Load.Closed(contender.Port, Connections, WarmUp);
        if (goals.Contains("p5"))
        {
            Throughput(contenders);
            Latency(contenders);
        }
        if (goals.Contains("p6")) Events(contenders);
    }

    private static void Throughput(IReadOnlyList<Contender> contenders)
    {
        var rounds = Measure(contenders, (contender, _) =>
        {
            var (ms, seconds) = Load.Closed(contender.Port, Connections, Round);
            return (ms.Length, ms.Length / seconds);
        });
        Print($"P5: {Connections} connections, each sends its next chat completion (0.8 KB, answer 1 KB) when the last one is answered", contenders, rounds, "requests/s", "CPU per request, us", perSecond: true);
    }

    private static void Latency(IReadOnlyList<Contender> contenders)
    {
        Console.WriteLine("\n### P5: time of a chat completion, ms, and what it adds to the direct way\n\n| way | one connection, p50 | added | added, nginx = 1 | 1,000 requests/s, p50 | added | p99 | added |\n|---|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var contender in contenders) _ = Load.Open(contender.Port, Connections, 1000, TimeSpan.FromSeconds(1), 0);
        var rounds = Enumerable.Range(1, Rounds).Select(round => contenders.Select(contender =>
        {
            var one = Load.Closed(contender.Port, 1, TimeSpan.FromSeconds(0.7)).Ms;
            var open = Load.Open(contender.Port, Streams, 1000, TimeSpan.FromSeconds(2), round);
            return (One: Quantile(one, 0.5), P50: Quantile(open, 0.5), P99: Quantile(open, 0.99));
        }).ToArray()).ToArray();
        var nginx = Index(contenders, "nginx");
        for (var i = 0; i < contenders.Count; i++)
        {
            var ratio = nginx < 0 || i == 0 ? "" : Text(Median(rounds.Select(r => (r[i].One - r[0].One) / (r[nginx].One - r[0].One))), "0.00");
            Console.WriteLine($"| {contenders[i].Name} | {Text(Median(rounds.Select(r => r[i].One)), "0.000")} | {Text(Median(rounds.Select(r => r[i].One - r[0].One)), "0.000")} | {ratio} "
                + $"| {Text(Median(rounds.Select(r => r[i].P50)), "0.000")} | {Text(Median(rounds.Select(r => r[i].P50 - r[0].P50)), "0.000")} | {Text(Median(rounds.Select(r => r[i].P99)), "0.00")} | {Text(Median(rounds.Select(r => r[i].P99 - r[0].P99)), "0.00")} |");
        }
    }

    private static void Events(IReadOnlyList<Contender> contenders)
    {
        const int events = 150;
        foreach (var contender in contenders) _ = Load.Streams(contender.Port, Streams, 100, PeriodMs);
        var rounds = Measure(contenders, (contender, _) =>
        {
            var delays = Load.Streams(contender.Port, Streams, events, PeriodMs);
            return (delays.Length, Quantile(delays, 0.5));
        });
        Print($"P6: {Streams} streams of server-sent events, one event each {PeriodMs} ms", contenders, rounds, "delay of an event, p50, ms", "CPU per event, us", perSecond: false);
    }

    /// <summary>What each contender did in each round, and the processor seconds of each of its processes per unit.</summary>
    private static (double Figure, double[] Cpu)[][] Measure(IReadOnlyList<Contender> contenders, Func<Contender, int, (int Units, double Figure)> measure) =>
        [.. Enumerable.Range(1, Rounds).Select(round => contenders.Select(contender =>
        {
            var before = contender.Processes.Select(p => p.CpuSeconds).ToArray();
            var (units, figure) = measure(contender, round);
            return (figure, contender.Processes.Select((p, i) => (p.CpuSeconds - before[i]) / units * 1e6).ToArray());
        }).ToArray())];

    private static void Print(string title, IReadOnlyList<Contender> contenders, (double Figure, double[] Cpu)[][] rounds, string figure, string cpu, bool perSecond)
    {
        Console.WriteLine($"\n### {title}\n\n| way | {figure} | nginx = 1 | YARP = 1 | {cpu} | nginx = 1 | YARP = 1 |\n|---|--:|--:|--:|--:|--:|--:|");
        var (nginx, yarp) = (Index(contenders, "nginx"), Index(contenders, "YARP"));
        for (var i = 0; i < contenders.Count; i++)
        {
            var parts = contenders[i].Processes.Count < 2 ? "" : $" ({string.Join(", ", contenders[i].Processes.Select((p, j) => $"{p.Name} {Text(Median(rounds.Select(r => r[i].Cpu[j])), "0.0")}"))})";
            Console.WriteLine($"| {contenders[i].Name} | {Text(Median(rounds.Select(r => r[i].Figure)), perSecond ? "N0" : "0.000")} | {Ratio(nginx, r => r.Figure)} | {Ratio(yarp, r => r.Figure)} "
                + (i == 0 ? "| | | |" : $"| {Text(Median(rounds.Select(r => r[i].Cpu.Sum())), "0.0")}{parts} | {Ratio(nginx, r => r.Cpu.Sum())} | {Ratio(yarp, r => r.Cpu.Sum())} |"));

            string Ratio(int other, Func<(double Figure, double[] Cpu), double> of) => other < 0 ? "" : Text(Median(rounds.Select(r => of(r[i]) / of(r[other]))), "0.00");
        }
    }

    private static int Index(IReadOnlyList<Contender> contenders, string name) => contenders.ToList().FindIndex(c => c.Name == name);

    private static double Quantile(double[] ordered, double q) => ordered[(int)(q * (ordered.Length - 1))];

    private static double Median(IEnumerable<double> values) => Quantile([.. values.Order()], 0.5);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
