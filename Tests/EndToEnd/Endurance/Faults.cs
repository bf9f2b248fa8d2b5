using System.Collections.Concurrent;
using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>A fault of one runtime.</summary>
/// <param name="Node">Node.</param>
/// <param name="Kind">What it does: <c>fail</c> drops all its connections, as a process that is killed.</param>
/// <param name="From">Since the run began.</param>
/// <param name="To">When it was mended.</param>
internal sealed record Fault(string Node, string Kind, TimeSpan From, TimeSpan To);

/// <summary>Breaks runtimes of the synthetic fleet and mends them, two at a time at most.</summary>
internal sealed class Faults(int adminPort, IReadOnlyList<string> nodes, int seed) : IDisposable
{
    private const int AtOnce = 2;

    private static readonly (string Kind, object Body, TimeSpan Lasts)[] Kinds =
    [
        ("fail", new { mode = "fail" }, TimeSpan.FromSeconds(3)),
        ("hang", new { mode = "hang" }, TimeSpan.FromSeconds(5)),
        ("slow", new { mode = "slow", slowFactor = 8 }, TimeSpan.FromSeconds(6)),
        ("429", new { mode = "status", status = 429, retryAfterSeconds = 1 }, TimeSpan.FromSeconds(4)),
        ("503", new { mode = "status", status = 503, retryAfterSeconds = 1 }, TimeSpan.FromSeconds(4)),
    ];

    private readonly HttpClient _admin = new() { BaseAddress = new($"http://127.0.0.1:{adminPort}"), Timeout = TimeSpan.FromSeconds(10) };
    private readonly Random _random = new(seed);
    private readonly ConcurrentQueue<Fault> _past = [];

    /// <summary>Faults that were mended.</summary>
    public IReadOnlyCollection<Fault> Past => _past;

    /// <summary>Breaks and mends until told to stop; then all nodes are well.</summary>
    public async Task RunAsync(Func<TimeSpan> elapsed, CancellationToken stop)
    {
        Dictionary<string, Task> broken = [];
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            foreach (var (node, mended) in broken.ToArray())
            {
                if (!mended.IsCompleted) continue;
                await mended;
                broken.Remove(node);
            }
            if (broken.Count < AtOnce)
            {
                var well = nodes.Where(n => !broken.ContainsKey(n)).ToArray();
                var node = well[_random.Next(well.Length)];
                broken[node] = BreakAsync(node, Kinds[i % Kinds.Length], elapsed, stop);
            }
            await Task.Delay(TimeSpan.FromSeconds(1 + _random.NextDouble()), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(broken.Values);
    }

    public void Dispose() => _admin.Dispose();

    private async Task BreakAsync(string node, (string Kind, object Body, TimeSpan Lasts) fault, Func<TimeSpan> elapsed, CancellationToken stop)
    {
        var from = elapsed();
        await SetAsync(node, fault.Body);
        await Task.Delay(fault.Lasts, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await SetAsync(node, new { mode = "ok" });
        _past.Enqueue(new(node, fault.Kind, from, elapsed()));
    }

    private async Task SetAsync(string node, object mode)
    {
        using var response = await _admin.PostAsJsonAsync($"/admin/nodes/{node}/mode", mode);
        response.EnsureSuccessStatusCode();
    }
}
