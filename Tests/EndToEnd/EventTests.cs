using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>The event stream of a real mesh whose silos are killed one after another, so that the log moves.</summary>
[TestClass]
[DoNotParallelize]
public sealed class EventTests
{
    [TestMethod]
    public async Task Stream_ResumedByLastEventIdOverKilledSilos_HasEveryEventOnceInOrder()
    {
        const int Writers = 8;
        await using var mesh = await MeshProcess.StartAsync(readyNodes: 0, settings: ["--Mesh:Fleet=false"]);
        using var stop = new CancellationTokenSource();
        var seen = new List<(long Id, string Subject, long Version)>();
        var reader = ReadAsync(mesh, seen, stop.Token);
        var acknowledged = new int[Writers];
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (await PutAsync(mesh, $"p{w}", "If-Match") || await PutAsync(mesh, $"p{w}", "If-None-Match")) acknowledged[w]++;
            }
        })).ToArray();

        foreach (var silo in mesh.SiloPids())
        {
            await GrowsAsync(seen);
            MeshProcess.Kill(silo, 9);
            await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.SiloPids() is { Count: 2 } now && !now.Contains(silo)), TimeSpan.FromSeconds(90), "the AppHost starts it again");
        }
        await GrowsAsync(seen);
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await reader;

        var events = await AllAsync(mesh);
        CollectionAssert.AreEqual(Enumerable.Range(1, events.Count).Select(static i => (long)i).ToArray(), events.Select(static e => e.Id).ToArray(), "the log has no gap");
        CollectionAssert.AreEqual(events.Take(seen.Count).ToArray(), seen, "the stream had what the log has");
        for (var w = 0; w < Writers; w++)
        {
            // The audit of its changes is about it too, and has no versions.
            var versions = events.Where(e => e.Subject == $"p{w}" && e.Version > 0).Select(static e => e.Version).ToArray();
            CollectionAssert.AreEqual(Enumerable.Range(1, versions.Length).Select(static v => (long)v).ToArray(), versions, $"p{w}");
            Assert.IsTrue(versions.Length >= acknowledged[w], $"p{w}: {versions.Length} events of {acknowledged[w]} changes");
        }
    }

    private static Task GrowsAsync(List<(long, string, long)> seen)
    {
        var target = seen.Count + 50;
        return ExternalProcess.UntilAsync(() => Task.FromResult(seen.Count >= target), TimeSpan.FromSeconds(90), "events flow");
    }

    private static async Task<bool> PutAsync(MeshProcess mesh, string policy, string condition)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/policies/{policy}")
            {
                Content = JsonContent.Create(new { kind = "routing", models = new[] { policy }, routing = new { strategy = "least_queue" } }),
            };
            request.Headers.TryAddWithoutValidation(condition, "*");
            using var answer = await mesh.Api.SendAsync(request);
            return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Reads as a browser does; hangs up after every few events, so that it resumes often.</summary>
    private static async Task ReadAsync(MeshProcess mesh, List<(long Id, string Subject, long Version)> seen, CancellationToken stop)
    {
        var last = 0L;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
                request.Headers.Add("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
                using var answer = await mesh.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
                if (answer.StatusCode != HttpStatusCode.OK) continue;
                using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
                for (var taken = 0; taken < 40 && await lines.ReadLineAsync(stop) is { } line;)
                {
                    Assert.AreNotEqual("event: TRUNCATED", line);
                    if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
                    var happened = Of(JsonDocument.Parse(line[6..]).RootElement);
                    seen.Add(happened);
                    last = happened.Id;
                    taken++;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                // The next one goes on after the last event.
            }
        }
    }

    private static async Task<List<(long Id, string Subject, long Version)>> AllAsync(MeshProcess mesh)
    {
        var (all, cursor) = (new List<(long, string, long)>(), 0L);
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?after={cursor}&limit=1000"));
            request.Headers.Add("Accept", "application/json");
            using var answer = await mesh.Api.SendAsync(request);
            var page = await answer.Content.ReadFromJsonAsync<JsonElement>();
            if (page.GetProperty("items").GetArrayLength() == 0) return all;
            all.AddRange(page.GetProperty("items").EnumerateArray().Select(Of));
            cursor = page.GetProperty("cursor").GetInt64();
        }
    }

    private static (long Id, string Subject, long Version) Of(JsonElement happened) =>
        (happened.GetProperty("id").GetInt64(), happened.GetProperty("subject").GetString()!, happened.GetProperty("versionAfter").GetInt64());
}
