using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// Open-loop load on the ingress, half of it streamed: a request is sent when it is due, whatever became of those before. With several APIs it does what a balancer does: they take turns, and
/// what one of them does not accept (no connection, or closed before a byte of an answer) goes to the next.
/// </summary>
internal sealed class Load(IReadOnlyList<Uri> apis, double requestsPerSecond, (int From, int To) outputTokens, string? key = null) : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Random _random = new(1);
    private readonly Stopwatch _clock = new();
    private readonly ConcurrentQueue<LoadRequest> _over = [];
    private int _moved;
    private int _open;

    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>Requests that are over.</summary>
    public IReadOnlyCollection<LoadRequest> Over => _over;

    /// <summary>Requests under way.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Times that a request went to the next API.</summary>
    public int Moved => Volatile.Read(ref _moved);

    /// <summary>Sends until told to stop; returns when every request is over.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _clock.Start();
        List<Task> running = [];
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var due = TimeSpan.FromSeconds(i / requestsPerSecond);
            if (due > _clock.Elapsed) await Task.Delay(due - _clock.Elapsed, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) break;
            var tokens = _random.Next(outputTokens.From, outputTokens.To + 1);
            var number = i;
            running.Add(Task.Run(() => SendAsync(number, tokens), CancellationToken.None));
            if (running.Count > 1000) running.RemoveAll(static task => task.IsCompletedSuccessfully);
        }
        await Task.WhenAll(running);
    }

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(int number, int tokens)
    {
        Interlocked.Increment(ref _open);
        var started = _clock.Elapsed;
        using var limit = new CancellationTokenSource(Limit);
        var (end, detail, node) = (RequestEnd.Lost, "", "");
        try
        {
            (end, detail, node) = await SendAsync(number, tokens, limit.Token);
        }
        catch (OperationCanceledException)
        {
            (end, detail) = (RequestEnd.Stuck, $"not over after {Limit.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            detail = e.InnerException?.Message ?? e.Message;
        }
        _over.Enqueue(new(started, _clock.Elapsed, end, detail, node));
        Interlocked.Decrement(ref _open);
    }

    private async Task<(RequestEnd End, string Detail, string Node)> SendAsync(int number, int tokens, CancellationToken limit)
    {
        for (var attempt = 0; ; attempt++)
        {
            var stream = number % 2 == 0;
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(apis[(number + attempt) % apis.Count], "/v1/chat/completions"))
            {
                Content = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = tokens, stream, messages = new[] { new { role = "user", content = $"Request {number}" } } }),
            };
            if (key is not null) request.Headers.Authorization = new("Bearer", key);
            HttpResponseMessage response;
            try
            {
                response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit);
            }
            catch (HttpRequestException) when (attempt + 1 < apis.Count)
            {
                Interlocked.Increment(ref _moved);
                continue;
            }
            using (response) return await ReadAsync(response, stream, limit);
        }
    }

    private static async Task<(RequestEnd End, string Detail, string Node)> ReadAsync(HttpResponseMessage response, bool stream, CancellationToken limit)
    {
        var node = Header(response, "x-infermesh-node");
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var refused = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is not null && Header(response, "x-infermesh-attempts") is "0" or "";
            return (refused ? RequestEnd.Refused : RequestEnd.Lost, $"{status} {await response.Content.ReadAsStringAsync(limit)}", node);
        }
        try
        {
            var text = await response.Content.ReadAsStringAsync(limit);
            return text.EndsWith(stream ? "data: [DONE]\n\n" : "}", StringComparison.Ordinal) ? (RequestEnd.Complete, status, node) : (RequestEnd.Broken, "the answer ends early", node);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (RequestEnd.Broken, e.InnerException?.Message ?? e.Message, node);
        }
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : "";
}
