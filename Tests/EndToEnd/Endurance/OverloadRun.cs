using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// A mesh that is asked for twice what it can do. First its time to the first token when idle, then the most it completes (always more requests waiting than it can run), then twice that rate,
/// a tenth of it of a class that goes first. It holds when it completes at least nine tenths of the most, when that class waits at most half as long again for its first token as when the
/// mesh was idle, and when each of the others was served, or refused with a reason and a time to come back.
/// </summary>
internal static class OverloadRun
{
    private const int OutputTokens = 400;
    private const double UrgentShare = 0.1;
    private const double KeptGoodput = 0.9;
    private const double SlowerFirstToken = 1.5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Settings of the mesh that it runs on: two synthetic nodes, so that this machine can ask for more than they can do.</summary>
    public static readonly string[] Mesh = ["--Mesh:FleetNodes=2", "--Mesh:FleetCells=1"];

    public static async Task<RunReport> RunAsync(MeshProcess mesh, TimeSpan duration)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = mesh.Api.BaseAddress, Timeout = Limit };
        using var policy = new HttpRequestMessage(HttpMethod.Put, "/api/v1/policies/urgent")
        {
            Content = JsonContent.Create(new { kind = "slo", sloClasses = new[] { "urgent" }, slo = new { queuePriority = 10 } }),
            Headers = { { "If-None-Match", "*" } },
        };
        (await client.SendAsync(policy)).EnsureSuccessStatusCode();

        var idle = await OpenLoopAsync(client, 4, 1, WarmUp);
        var most = await ClosedLoopAsync(client, 900, duration);
        await Task.Delay(TimeSpan.FromSeconds(10));
        var over = await OpenLoopAsync(client, 2 * most.CompletePerSecond, UrgentShare, duration);

        var report = new RunReport("Overload: twice what the mesh can do (synthetic fleet)");
        report.Add("most", $"{most.CompletePerSecond:0.0} requests/s of {OutputTokens} tokens");
        report.Add("asked for", $"{2 * most.CompletePerSecond:0.0} requests/s");
        report.Add("completed", $"{over.CompletePerSecond:0.0} requests/s, {over.CompletePerSecond / most.CompletePerSecond:P0} of the most");
        foreach (var (what, count) in over.Ends.OrderBy(static e => e.Key, StringComparer.Ordinal)) report.Add($"ended as {what}", $"{count}");
        report.Add("first token of the urgent, idle p50, p99", $"{idle.FirstToken(0.5):0.0} ms, {idle.FirstToken(0.99):0.0} ms of {idle.FirstTokens.Count}");
        report.Add("first token of the urgent, overload p50, p90, p99", $"{over.FirstToken(0.5):0.0} ms, {over.FirstToken(0.9):0.0} ms, {over.FirstToken(0.99):0.0} ms of {over.FirstTokens.Count}");
        report.Add("urgent that waited in the mesh, p50, p90, most", $"{over.QueuedMs.Count}: {over.Queued(0.5):0} ms, {over.Queued(0.9):0} ms, {over.QueuedMs.DefaultIfEmpty().Max():0} ms");
        if (over.CompletePerSecond < KeptGoodput * most.CompletePerSecond) report.Violations.Add("it completes less than nine tenths of the most");
        if (over.FirstToken(0.99) > SlowerFirstToken * idle.FirstToken(0.99)) report.Violations.Add($"the urgent wait {over.FirstToken(0.99) / idle.FirstToken(0.99):0.0} times as long as when it was idle");
        report.Forbid("neither served nor refused with a reason", [.. over.Ends.Keys.Where(static k => k is not ("complete" or "429 queue_full" or "429 queue_deadline" or "429 queue_timeout"))]);
        report.Forbid("urgent and refused", [.. over.UrgentRefused]);
        return report;
    }

    /// <summary>So many clients that each ask again as soon as they have an answer.</summary>
    private static async Task<Tally> ClosedLoopAsync(HttpClient client, int clients, TimeSpan duration)
    {
        var tally = new Tally(duration);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async i =>
        {
            while (tally.Running)
            {
                if (!await SendAsync(client, tally, urgent: false, i)) await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }));
        return tally;
    }

    private static async Task<Tally> OpenLoopAsync(HttpClient client, double perSecond, double urgentShare, TimeSpan duration)
    {
        var tally = new Tally(duration);
        var sending = new List<Task>();
        for (var i = 0; tally.Running; i++)
        {
            var due = TimeSpan.FromSeconds(i / perSecond) - tally.Elapsed;
            if (due > TimeSpan.Zero) await Task.Delay(due);
            var (urgent, number) = (Math.Floor((i + 1) * urgentShare) > Math.Floor(i * urgentShare), i);
            sending.Add(Task.Run(() => SendAsync(client, tally, urgent, number)));
        }
        await Task.WhenAll(sending);
        return tally;
    }

    /// <summary>True when it was answered in full.</summary>
    private static async Task<bool> SendAsync(HttpClient client, Tally tally, bool urgent, int number)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = OutputTokens, stream = urgent, messages = new[] { new { role = "user", content = $"Request {number}" } } }),
        };
        if (urgent) request.Headers.Add("x-infermesh-slo", "urgent");
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                await using var body = await response.Content.ReadAsStreamAsync();
                var buffer = new byte[8192];
                if (await body.ReadAsync(buffer) > 0 && urgent) tally.FirstToken(Stopwatch.GetElapsedTime(started), Queued(response));
                while (await body.ReadAsync(buffer) > 0)
                {
                }
                tally.Ended("complete", urgent);
                return true;
            }
            var error = await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>();
            var after = response.Headers.RetryAfter is null ? " without Retry-After" : "";
            tally.Ended(string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {error.GetProperty("error").GetProperty("code").GetString()}{after}"), urgent);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            tally.Ended(e.Message, urgent);
        }
        return false;
    }

    private static double Queued(HttpResponseMessage response) =>
        response.Headers.TryGetValues("x-infermesh-queue-ms", out var values) ? double.Parse(values.Single(), CultureInfo.InvariantCulture) : 0;

    /// <summary>What a phase counted. Completions count after the warm-up, when the mesh is as full as it gets.</summary>
    private sealed class Tally(TimeSpan duration)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private int _complete;

        public TimeSpan Elapsed => _clock.Elapsed;

        public bool Running => _clock.Elapsed < WarmUp + duration;

        public ConcurrentBag<double> FirstTokens { get; } = [];

        /// <summary>Of the urgent that waited in the mesh.</summary>
        public ConcurrentBag<double> QueuedMs { get; } = [];

        public ConcurrentDictionary<string, int> Ends { get; } = new(StringComparer.Ordinal);

        public ConcurrentBag<string> UrgentRefused { get; } = [];

        public double CompletePerSecond => _complete / duration.TotalSeconds;

        public void FirstToken(TimeSpan after, double queuedMs)
        {
            if (_clock.Elapsed <= WarmUp) return;
            FirstTokens.Add(after.TotalMilliseconds);
            if (queuedMs > 0) QueuedMs.Add(queuedMs);
        }

        public double FirstToken(double quantile) => Quantile(FirstTokens, quantile);

        public double Queued(double quantile) => Quantile(QueuedMs, quantile);

        private static double Quantile(ConcurrentBag<double> values, double quantile) => values.Order().ElementAtOrDefault((int)(values.Count * quantile));

        public void Ended(string how, bool urgent)
        {
            Ends.AddOrUpdate(how, 1, static (_, count) => count + 1);
            if (how == "complete" && _clock.Elapsed > WarmUp && Running) Interlocked.Increment(ref _complete);
            if (how != "complete" && urgent) UrgentRefused.Add(how);
        }
    }
}
