using InferMesh.Grains.Abstractions.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace InferMesh.Tests.Unit.Api.Endpoints.Jobs;

[TestClass]
public sealed class JobEventTests
{
    private const string Path = "/api/v1/jobs/j-1/events";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task Page_Events_ReadsOnFromItsCursor()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        job.Move(JobState.Admitted, "placed", "near", data: ("nodes", "n1"));
        job.Move(JobState.Running, "started");
        var page = (await api.GetAsync(Path + "?limit=2")).AssertStatus(200).Json;
        Assert.AreEqual((2, 2L, false), (page.GetProperty("items").GetArrayLength(), page.GetProperty("cursor").GetInt64(), page.GetProperty("truncated").GetBoolean()));
        var placed = page.GetProperty("items")[1];
        Assert.AreEqual(("placed", "admitted", "near", "n1"), (placed.GetProperty("kind").GetString(), placed.GetProperty("state").GetString(), placed.GetProperty("reason").GetString(), placed.GetProperty("data").GetProperty("nodes").GetString()));
        Assert.IsFalse(placed.TryGetProperty("actor", out _) || placed.TryGetProperty("fence", out _));
        var rest = (await api.GetAsync(Path + "?after=2")).Json;
        Assert.AreEqual("started", rest.GetProperty("items")[0].GetProperty("kind").GetString());
        Assert.AreEqual((0, 3L), ((await api.GetAsync(Path + "?after=3")).Json.GetProperty("items").GetArrayLength(), (await api.GetAsync(Path + "?after=3")).Json.GetProperty("cursor").GetInt64()));
        job.Forgotten = 2;
        Assert.IsTrue((await api.GetAsync(Path)).Json.GetProperty("truncated").GetBoolean());
    }

    [TestMethod]
    [DataRow("?after=-1", "after")]
    [DataRow("?limit=1001", "limit")]
    [DataRow("?types=x", "types")]
    public async Task Read_BadParameter_IsNamed(string query, string field)
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Put("j-1");
        CollectionAssert.AreEqual(new[] { field }, (await api.GetAsync(Path + query)).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Stream_Job_FollowsUntilItEnds()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        using var stream = await StreamAsync(api, Path);
        Assert.AreEqual("1", await NextIdAsync(stream));
        job.Move(JobState.Running, "started");
        Assert.AreEqual("2", await NextIdAsync(stream));
        Assert.AreEqual("event: started", await stream.ReadLineAsync());
        StringAssert.StartsWith(await stream.ReadLineAsync(), "data: {\"sequence\":2,");
        api.Mesh.Failures.Enqueue(new InvalidOperationException());
        job.Move(JobState.Completed, "completed");
        Assert.AreEqual("3", await NextIdAsync(stream));
        var rest = await stream.ReadToEndAsync().WaitAsync(Patience);
        Assert.DoesNotContain("id:", rest);
    }

    [TestMethod]
    public async Task Stream_LastEventId_ResumesAndOneThatHasAllEnds()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        job.Move(JobState.Running, "started");
        job.Move(JobState.Failed, "failed");
        using var stream = await StreamAsync(api, Path + "?after=0", ("Last-Event-ID", "2"));
        Assert.AreEqual("3", await NextIdAsync(stream));
        await stream.ReadToEndAsync().WaitAsync(Patience);
        using var nothing = await StreamAsync(api, Path + "?after=3");
        Assert.DoesNotContain("id:", await nothing.ReadToEndAsync().WaitAsync(Patience));
        CollectionAssert.AreEqual(new[] { "Last-Event-ID" }, (await api.GetAsync(Path, ("Last-Event-ID", "x"))).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Stream_ForgottenEvents_SaysSo()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        job.Move(JobState.Running, "started");
        job.Forgotten = 1;
        using var stream = await StreamAsync(api, Path);
        Assert.AreEqual(": events", await stream.ReadLineAsync());
        await stream.ReadLineAsync();
        Assert.AreEqual("event: truncated", await stream.ReadLineAsync());
        Assert.AreEqual("2", await NextIdAsync(stream));
    }

    [TestMethod]
    public async Task Stream_AllPlacesTaken_IsRefusedUntilOneIsFree()
    {
        using var api = new ApiHost(("InferMesh:Api:MaxEventStreams", "1"));
        var job = api.Mesh.Jobs.Put("j-1");
        using var stream = await StreamAsync(api, Path);
        (await api.GetAsync(Path, ("Accept", "text/event-stream"))).AssertProblem(429);
        (await api.GetAsync("/api/v1/events")).AssertProblem(429);
        (await api.GetAsync(Path)).AssertStatus(200);
        job.Move(JobState.Cancelled, "cancelled");
        await stream.ReadToEndAsync().WaitAsync(Patience);
        await Eventually.HoldsAsync(() => api.GetAsync(Path, ("Accept", "text/event-stream")).Result.Status == System.Net.HttpStatusCode.OK, "the place is free again");
    }

    [TestMethod]
    public async Task Stream_HostStops_Ends()
    {
        var api = new ApiHost();
        api.Mesh.Jobs.Put("j-1");
        using var stream = await StreamAsync(api, Path);
        Assert.AreEqual("1", await NextIdAsync(stream));
        var rest = stream.ReadToEndAsync();
        api.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await rest.WaitAsync(Patience);
        await api.DisposeAsync();
    }

    private static async Task<StreamReader> StreamAsync(ApiHost api, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/event-stream");
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
