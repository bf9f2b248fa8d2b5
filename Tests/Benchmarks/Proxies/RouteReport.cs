using System.Diagnostics;
using System.Globalization;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>
/// A routing call beside a bare call to the same grain over the same connection (P4). The bare call is one for an unknown reservation: two empty texts there, a boolean back. A decision's
/// place must be given back, so that calls come in pairs: the first of a pair is timed, and the rate is that of pairs.
/// </summary>
internal static class RouteReport
{
    private const int Callers = 128;
    private const int Rounds = 7;

    public static async Task RunAsync()
    {
        using var servers = new Servers();
        servers.StartUpstream();
        servers.StartMesh();
        using var host = Host.CreateDefaultBuilder().ConfigureLogging(l => l.ClearProviders()).UseOrleansClient(client => client
            .UseLocalhostClustering(servers.GatewayPort)
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("infermesh-dev", "infermesh"))).Build();
        await host.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var routers = Enumerable.Range(0, 64).Select(i => grains.GetGrain<IRouterGrain>(i)).ToArray();
        var next = 0u;

        var pairs = new (string Name, Func<Task<RouteDecision?>> First, Func<RouteDecision?, Task> Second)[]
        {
            ("bare call, and one more", async () => (await Router().Move("", ""), (RouteDecision?)null).Item2, async _ => await Router().Move("", "")),
            ("Route, and its Report", async () => await RouteAsync(), async decision => await Router().Report(new() { DecisionId = decision!.DecisionId, NodeId = "bench-node", LatencyMs = 1 })),
        };
        foreach (var pair in pairs)
        {
            await RateAsync(pair.First, pair.Second, 1, 1);
            await RateAsync(pair.First, pair.Second, Callers, 3);
        }
        var rounds = new List<(double P50Us, double PerSecond)[]>();
        for (var round = 0; round < Rounds; round++)
        {
            var row = new List<(double, double)>();
            foreach (var pair in pairs) row.Add(((await RateAsync(pair.First, pair.Second, 1, 0.6)).P50Us, (await RateAsync(pair.First, pair.Second, Callers, 1)).PerSecond));
            rounds.Add([.. row]);
        }
        Console.WriteLine($"\n### P4: calls from a client process to a silo\n\n| calls | first of the two, alone, p50, us | bare = 1 | pairs/s, {Callers} at a time | bare = 1 |\n|---|--:|--:|--:|--:|");
        for (var i = 0; i < pairs.Length; i++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {pairs[i].Name} | {Median(rounds.Select(r => r[i].P50Us)):0.0} | {Median(rounds.Select(r => r[i].P50Us / r[0].P50Us)):0.00} | {Median(rounds.Select(r => r[i].PerSecond)):N0} | {Median(rounds.Select(r => r[i].PerSecond / r[0].PerSecond)):0.00} |"));
        }
        await host.StopAsync();

        IRouterGrain Router() => routers[Interlocked.Increment(ref next) % routers.Length];

        async Task<RouteDecision> RouteAsync()
        {
            var decision = await Router().Route(new() { Model = Upstream.Model, RequestId = Guid.NewGuid().ToString("N"), PromptTokens = 180, OutputTokens = 160, PayloadBytes = 800 });
            return decision.Status == RouteStatus.Routed ? decision : throw new InvalidOperationException($"Nothing was routed: {decision.Status}.");
        }
    }

    private static async Task<(double P50Us, double PerSecond)> RateAsync(Func<Task<RouteDecision?>> first, Func<RouteDecision?, Task> second, int callers, double seconds)
    {
        var started = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var ticks = new List<long>();
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
            {
                var before = Stopwatch.GetTimestamp();
                var decision = await first();
                ticks.Add(Stopwatch.GetTimestamp() - before);
                await second(decision);
            }
            return ticks;
        })));
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var ordered = times.SelectMany(t => t).Select(t => t * 1e6 / Stopwatch.Frequency).Order().ToArray();
        return (ordered[ordered.Length / 2], ordered.Length / elapsed);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
