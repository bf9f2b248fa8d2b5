using InferMesh.Api.Endpoints.Events;
using InferMesh.Grains.Abstractions.Events;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class EventTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task List_OfAllTypes_IsTaken()
    {
        using var api = new ApiHost();
        (await api.GetAsync($"/api/v1/events?last=200&types={Uri.EscapeDataString(string.Join(',', EventFilter.KnownTypes))}", ("Accept", "application/json"))).AssertStatus(200);
        CollectionAssert.AreEqual(new[] { "subject" }, (await api.GetAsync($"/api/v1/events?subject={new string('x', 513)}", ("Accept", "application/json"))).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Page_AcceptJson_ReadsOnFromItsCursor()
    {
        using var api = await WithEventsAsync(5);
        var page = (await api.GetAsync("/api/v1/events?limit=3", ("Accept", "application/json"))).AssertStatus(200).Json;
        Assert.AreEqual(3, page.GetProperty("items").GetArrayLength());
        var rest = (await api.GetAsync($"/api/v1/events?after={page.GetProperty("cursor")}", ("Accept", "application/json"))).Json;
        Assert.AreEqual(4, rest.GetProperty("items")[0].GetProperty("id").GetInt64());
        Assert.AreEqual(0, (await api.GetAsync("/api/v1/events?types=MODEL_LOADED", ("Accept", "application/json"))).Json.GetProperty("items").GetArrayLength());
    }

    [TestMethod]
    [DataRow("subject=p1", "1")]
    [DataRow("subject=p1&actor=bob", "")]
    [DataRow("actor=bob", "2")]
    [DataRow("tenant=lab", "2,3")]
    [DataRow("since=2026-05-01T12:00:00Z", "2,3")]
    [DataRow("since=2026-05-01T12:00:01%2B00:00&tenant=lab&types=JOB_SUBMITTED", "3")]
    public async Task Page_Filtered_HasWhatMatches(string query, string expected)
    {
        using var api = new ApiHost();
        var noon = new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
        await api.Mesh.Events.Append(new() { Type = EventTypes.PolicyCreated, Subject = "p1", Actor = "ann", At = noon.AddSeconds(-1) });
        await api.Mesh.Events.Append(new() { Type = EventTypes.TenantUpdated, Subject = "lab", Actor = "bob", Tenant = "lab", At = noon });
        await api.Mesh.Events.Append(new() { Type = EventTypes.JobSubmitted, Subject = "j1", Actor = "ann", Tenant = "lab", At = noon.AddSeconds(1), Reason = "why", VersionAfter = 1 });

        var page = (await api.GetAsync($"/api/v1/events?{query}", ("Accept", "application/json"))).AssertStatus(200).Json;

        Assert.AreEqual(expected, string.Join(",", page.GetProperty("items").EnumerateArray().Select(static e => e.GetProperty("id").GetInt64())));
        Assert.AreEqual(3, page.GetProperty("cursor").GetInt64());
    }

    [TestMethod]
    [DataRow("last=2", "2999,3000")]
    [DataRow("last=2&subject=rare", "4,1500")]
    [DataRow("last=9&subject=rare", "1,4,1500")]
    [DataRow("last=1&subject=none", "")]
    public async Task Page_OfTheLast_CountsThoseThatMatch(string query, string expected)
    {
        using var api = new ApiHost();
        for (var i = 1; i <= 3000; i++) await api.Mesh.Events.Append(new() { Type = EventTypes.NodeChanged, Subject = i is 1 or 4 or 1500 ? "rare" : "often", At = DateTimeOffset.UnixEpoch });

        var ids = new List<long>();
        for (var address = $"/api/v1/events?limit=1000&{query}"; ;)
        {
            var page = (await api.GetAsync(address, ("Accept", "application/json"))).AssertStatus(200).Json;
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(static e => e.GetProperty("id").GetInt64()));
            if (page.GetProperty("cursor").GetInt64() == 3000) break;
            address = $"/api/v1/events?limit=1000&after={page.GetProperty("cursor")}&{query[(query.IndexOf('&', StringComparison.Ordinal) + 1)..]}";
        }

        Assert.AreEqual(expected, string.Join(",", ids));
    }

    [TestMethod]
    public async Task Page_OfTheLast_OfWhatIsStillKept_MissesNothing()
    {
        using var api = await WithEventsAsync(5);
        api.Mesh.Events.Forgotten = 2;
        var page = (await api.GetAsync("/api/v1/events?last=100", ("Accept", "application/json"))).AssertStatus(200).Json;
        Assert.AreEqual(3, page.GetProperty("items").GetArrayLength());
        Assert.IsFalse(page.GetProperty("truncated").GetBoolean());
    }

    [TestMethod]
    [DataRow("?since=yesterday", "since")]
    [DataRow("?after=-1", "after")]
    [DataRow("?after=x", "after")]
    [DataRow("?limit=0", "limit")]
    [DataRow("?types=NOPE", "types")]
    [DataRow("?type=NODE_LEFT", "type")]
    public async Task Read_BadParameter_IsNamed(string query, string field)
    {
        using var api = new ApiHost();
        CollectionAssert.AreEqual(new[] { field }, (await api.GetAsync("/api/v1/events" + query)).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Stream_LastEventId_ResumesAndFollows()
    {
        using var api = await WithEventsAsync(3);
        using var stream = await StreamAsync(api, "/api/v1/events?after=0", ("Last-Event-ID", "2"));
        Assert.AreEqual("3", await NextIdAsync(stream));
        await api.Mesh.Events.Append(new() { Type = EventTypes.NodeLeft, Subject = "n" });
        Assert.AreEqual("4", await NextIdAsync(stream));
    }

    [TestMethod]
    public async Task Stream_WithoutCursor_BeginsWithWhatIsToCome()
    {
        using var api = await WithEventsAsync(3);
        using var stream = await StreamAsync(api, "/api/v1/events?types=NODE_LEFT");
        await api.Mesh.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "n" });
        await api.Mesh.Events.Append(new() { Type = EventTypes.NodeLeft, Subject = "n" });
        Assert.AreEqual("5", await NextIdAsync(stream));
        Assert.AreEqual("event: NODE_LEFT", await stream.ReadLineAsync());
        StringAssert.StartsWith(await stream.ReadLineAsync(), "data: {\"id\":5,\"type\":\"NODE_LEFT\"");
    }

    [TestMethod]
    public async Task Stream_ForgottenEvents_SaysSo()
    {
        using var api = await WithEventsAsync(3);
        api.Mesh.Events.Forgotten = 2;
        using var stream = await StreamAsync(api, "/api/v1/events?after=0");
        Assert.AreEqual(": events", await stream.ReadLineAsync());
        await stream.ReadLineAsync();
        Assert.AreEqual("event: TRUNCATED", await stream.ReadLineAsync());
    }

    [TestMethod]
    public async Task Stream_ClusterFailsMeanwhile_GoesOn()
    {
        using var api = await WithEventsAsync(1);
        using var stream = await StreamAsync(api, "/api/v1/events?after=0");
        Assert.AreEqual("1", await NextIdAsync(stream));
        api.Mesh.Failures.Enqueue(new InvalidOperationException());
        await api.Mesh.Events.Append(new() { Type = EventTypes.NodeLeft, Subject = "n" });
        Assert.AreEqual("2", await NextIdAsync(stream));
    }

    [TestMethod]
    public async Task Stream_AllPlacesTaken_IsRefused()
    {
        using var api = new ApiHost(("InferMesh:Api:MaxEventStreams", "1"));
        using var stream = await StreamAsync(api, "/api/v1/events");
        (await api.GetAsync("/api/v1/events")).AssertProblem(429);
    }

    [TestMethod]
    public async Task Stream_HostStops_Ends()
    {
        var api = await WithEventsAsync(1);
        using var stream = await StreamAsync(api, "/api/v1/events?after=0");
        Assert.AreEqual("1", await NextIdAsync(stream));
        var rest = stream.ReadToEndAsync();
        await StopAsync(api).WaitAsync(Patience);
        await rest.WaitAsync(Patience);
        await api.DisposeAsync();
    }

    private static Task StopAsync(ApiHost api)
    {
        api.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        return Task.CompletedTask;
    }

    private static async Task<ApiHost> WithEventsAsync(int count)
    {
        var api = new ApiHost();
        for (var i = 0; i < count; i++) await api.Mesh.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = $"n{i}" });
        return api;
    }

    private static async Task<StreamReader> StreamAsync(ApiHost api, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<string> NextIdAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) return line[4..];
        }
        throw new AssertFailedException("The stream ended.");
    }
}
