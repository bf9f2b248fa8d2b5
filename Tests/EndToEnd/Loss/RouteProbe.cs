using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>Asks for decisions at a steady rate, whatever became of those before, and keeps how long each took and what was answered instead of one.</summary>
internal sealed class RouteProbe : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<TimeSpan> _times = [];
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly HttpClient _api;
    private readonly Task _running;

    private RouteProbe(HttpClient api)
    {
        _api = api;
        _running = RunAsync();
    }

    /// <summary>Decisions that were made.</summary>
    public int Made => _times.Count;

    /// <summary>What was answered instead of a decision.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Begins when there are decisions.</summary>
    public static async Task<RouteProbe> StartAsync(HttpClient api)
    {
        await ExternalProcess.UntilAsync(async () => await AskAsync(api) is null, TimeSpan.FromMinutes(2), "a node takes requests");
        return new(api);
    }

    /// <summary>Ends when all decisions that were asked for are answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    public override string ToString()
    {
        var times = _times.Order().ToArray();
        var spread = times.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", p50 {times[times.Length / 2].TotalMilliseconds:0} ms, p90 {times[times.Length * 9 / 10].TotalMilliseconds:0} ms, most {times[^1].TotalMilliseconds:0} ms");
        return $"{times.Length} decisions{spread}; {_failures.Count} failures {string.Join("; ", _failures.Take(3))}";
    }

    private async Task RunAsync()
    {
        List<Task> asked = [];
        while (!_stop.IsCancellationRequested)
        {
            asked.Add(TimeAsync());
            await Task.Delay(Period, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(asked);
    }

    private async Task TimeAsync()
    {
        var start = Stopwatch.GetTimestamp();
        if (await AskAsync(_api) is { } failure) _failures.Enqueue(failure);
        else _times.Enqueue(Stopwatch.GetElapsedTime(start));
    }

    private static async Task<string?> AskAsync(HttpClient api)
    {
        try
        {
            using var response = await api.PostAsJsonAsync("/api/v1/route:dryRun", new { model = SharedMesh.Model });
            var body = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode && JsonSerializer.Deserialize<JsonElement>(body).GetProperty("targets").GetArrayLength() > 0 ? null : $"{(int)response.StatusCode} {body}";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return e.Message;
        }
    }
}
