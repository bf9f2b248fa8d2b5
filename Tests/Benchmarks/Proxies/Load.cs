using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>The load generator: connections on threads of their own.</summary>
internal static class Load
{
    /// <summary>A chat completion of 0.8 KB.</summary>
    private static readonly byte[] Body = Encoding.UTF8.GetBytes($$"""{"model":"{{Upstream.Model}}","max_tokens":160,"temperature":0.7,"messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"{{new string('a', 640)}}"}]}""");

    private static readonly byte[] StreamBody = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Body).Replace("\"temperature\"", "\"stream\":true,\"temperature\"", StringComparison.Ordinal));

    /// <summary>Each connection sends its next request when the last one is answered.</summary>
    /// <returns>The time of each request in milliseconds, in order, and the time of all.</returns>
    public static (double[] Ms, double Seconds) Closed(int port, int connections, TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        var times = Run(connections, _ => new LoadConnection(port, Upstream.Path, Body), (_, connection, ticks) =>
        {
            var last = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started, last) < duration)
            {
                connection.Exchange();
                var now = Stopwatch.GetTimestamp();
                ticks.Add(now - last);
                last = now;
            }
        });
        return (times, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Requests come at random times (Poisson), whether or not earlier ones are answered; a request that finds no free connection waits, and its wait counts.</summary>
    /// <returns>The time of each request in milliseconds, in order.</returns>
    public static double[] Open(int port, int connections, double perSecond, TimeSpan duration, int seed)
    {
        var random = new Random(seed);
        var arrivals = new List<long>();
        for (var at = 0.0; at < duration.TotalSeconds; at -= Math.Log(1 - random.NextDouble()) / perSecond) arrivals.Add((long)(at * Stopwatch.Frequency));
        var next = -1;
        var started = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10);
        return Run(connections, _ => new LoadConnection(port, Upstream.Path, Body), (_, connection, ticks) =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < arrivals.Count;)
            {
                var due = started + arrivals[i];
                // Waking up late is the generator's own doing and does not count.
                if (Stopwatch.GetTimestamp() < due)
                {
                    Sleep(due);
                    due = Stopwatch.GetTimestamp();
                }
                connection.Exchange();
                ticks.Add(Stopwatch.GetTimestamp() - due);
            }
        });
    }

    /// <summary>Each connection reads one paced stream.</summary>
    /// <returns>The delay of each event in milliseconds, in order.</returns>
    public static double[] Streams(int port, int streams, int events, int periodMs) =>
        Run(streams, _ => new LoadConnection(port, $"{Upstream.Path}?events={events}&ms={periodMs}", StreamBody), (_, connection, ticks) => connection.Stream(ticks));

    /// <summary>Thread.Sleep counts in milliseconds, and to spin would take a core from what is measured.</summary>
    private static void Sleep(long due)
    {
        for (TimeSpan left; (left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due)) > TimeSpan.Zero;)
        {
            var time = new TimeSpec((nint)left.TotalSeconds, (nint)(left.Ticks % TimeSpan.TicksPerSecond * 100));
            _ = NanoSleep(in time, 0);
        }
    }

    [DllImport("libc", EntryPoint = "nanosleep"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in TimeSpec time, nint left);

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);

    private static double[] Run(int count, Func<int, LoadConnection> connect, Action<int, LoadConnection, List<long>> work)
    {
        var connections = Enumerable.Range(0, count).Select(connect).ToArray();
        var ticks = connections.Select(_ => new List<long>(4096)).ToArray();
        Exception? failure = null;
        var threads = connections.Select((connection, i) => new Thread(() =>
        {
            try
            {
                work(i, connection, ticks[i]);
            }
            catch (Exception e)
            {
                failure = e;
            }
        }, 256 * 1024)).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        foreach (var connection in connections) connection.Dispose();
        if (failure is not null) throw new InvalidOperationException($"The load failed: {failure.Message}", failure);
        return [.. ticks.SelectMany(t => t).Select(t => t * 1000.0 / Stopwatch.Frequency).Order()];
    }
}
