using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Most sessions keep their nodes when a silo dies under them.</summary>
[TestClass]
public sealed class SessionTests
{
    private const int Sessions = 100;

    // Seconds after the kill: from when on sessions are where they were, and until when that is watched.
    private const int Back = 5;
    private const int Watched = 12;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Sessions_FiveSecondsAfterASiloWasKilled_AreMostlyOnTheirNodes()
    {
        var mesh = await SharedMesh.GetAsync();
        var before = new string[Sessions];
        for (var i = 0; i < Sessions; i++) before[i] = await AskAsync(mesh, i);
        Assert.IsGreaterThanOrEqualTo(6, before.Distinct().Count(), "sessions are spread over the nodes");

        var silo = mesh.SiloPids()[0];
        MeshProcess.Kill(silo, 9);
        var clock = Stopwatch.StartNew();
        var (asked, kept) = (new int[Watched], new int[Watched]);
        for (var i = 0; clock.Elapsed.TotalSeconds < Watched; i++)
        {
            var second = (int)clock.Elapsed.TotalSeconds;
            asked[second]++;
            if (await AskAsync(mesh, i % Sessions) == before[i % Sessions]) kept[second]++;
        }
        TestContext.WriteLine($"Requests that went where their session was before, by second after the kill: {string.Join(", ", kept.Zip(asked, static (k, a) => $"{k} of {a}"))}");
        Assert.IsGreaterThanOrEqualTo(0.95 * asked[Back..].Sum(), (double)kept[Back..].Sum());

        await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.SiloPids() is { Count: 2 } now && !now.Contains(silo)), TimeSpan.FromMinutes(1), "the killed silo is started again");
        await mesh.UntilReadyAsync(8);
    }

    /// <summary>Node that answered.</summary>
    private static async Task<string> AskAsync(MeshProcess mesh, int session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = 1, prompt = "x" }),
            Headers = { { "x-infermesh-session", $"session-{session}" } },
        };
        using var response = await mesh.Api.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await response.Content.ReadAsStringAsync());
        return response.Headers.GetValues("x-infermesh-node").Single();
    }
}
