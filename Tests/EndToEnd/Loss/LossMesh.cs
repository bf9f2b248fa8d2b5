using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Net.Client;
using InferMesh.Tests.EndToEnd.Clusters;
using InferMesh.Tests.EndToEnd.Consistency;
using InferMesh.Tests.EndToEnd.Consistency.Checks;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Loss;

/// <summary>A cluster with a client, and what the tests of losses ask of it.</summary>
internal sealed class LossMesh : IAsyncDisposable
{
    private const int Spread = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(0.5);

    private LossMesh(ProcessCluster cluster)
    {
        Cluster = cluster;
        Api = new() { BaseAddress = cluster.Rest[0], Timeout = TimeSpan.FromSeconds(20) };
    }

    public ProcessCluster Cluster { get; }

    public HttpClient Api { get; }

    public static async Task<LossMesh> StartAsync(ClusterPlan plan) => new(await ProcessCluster.StartAsync(plan));

    /// <summary>Writes a policy over any version; the version that it became.</summary>
    public async Task<(HttpResponseMessage Response, long Version)> PutAsync(string name, string text, bool create = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/policies/{name}")
        {
            Content = JsonContent.Create(new { kind = "quota", description = text, models = new[] { "nobodys-model" }, quota = new { maxConcurrentRequests = 1 } }),
        };
        request.Headers.TryAddWithoutValidation(create ? "If-None-Match" : "If-Match", "*");
        var response = await Api.SendAsync(request);
        return (response, response.IsSuccessStatusCode ? (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetInt64() : 0);
    }

    /// <summary>Version and text of a policy.</summary>
    public async Task<(long Version, string Text)> GetAsync(string name)
    {
        var view = await Api.GetFromJsonAsync<JsonElement>($"/api/v1/policies/{name}");
        return (view.GetProperty("version").GetInt64(), view.GetProperty("spec").GetProperty("description").GetString()!);
    }

    /// <summary>Writes until it is acknowledged: all is well again, without anybody's help.</summary>
    public Task UntilWrittenAsync(string name, string text) => ExternalProcess.UntilAsync(
        async () =>
        {
            using var response = (await PutAsync(name, text)).Response;
            return response.IsSuccessStatusCode;
        },
        Patience, "writes are accepted again");

    /// <summary>That a write was refused in the way that says so: 503, with a time to try again.</summary>
    public static async Task AssertUnavailableAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, response.StatusCode, body);
        Assert.IsNotNull(response.Headers.RetryAfter, "Retry-After");
        Assert.AreEqual("urn:infermesh:problem:unavailable", JsonSerializer.Deserialize<JsonElement>(body).GetProperty("type").GetString());
    }

    /// <summary>Clients read and write while something is done to the cluster; when all is well again, what they saw is checked.</summary>
    public async Task CheckWhileAsync(Func<Task> disturb)
    {
        var history = new History();
        using var grpc = GrpcChannel.ForAddress(Cluster.Grpc[0]);
        var objects = new ObjectWorkload(history, [new RestCalls(Api, 0), new GrpcCalls(grpc, 0)]);
        using var stop = new CancellationTokenSource();
        var working = objects.RunAsync(stop.Token);
        await disturb();
        await Cluster.UntilReadyAsync(Patience);
        await ExternalProcess.UntilAsync(() => Task.FromResult(history.Operations.Count(static o => o is { IsWrite: true, Outcome: Outcome.Ok }) > 20), Patience, "writes are acknowledged");
        await stop.CancelAsync();
        await working;

        var final = await FinalState.ReadAsync([Api], objects, history);
        var found = history.Operations.GroupBy(static o => o.Key).SelectMany(o => ObjectCheck.Run([.. o], final.Histories.GetValueOrDefault(o.Key))).ToArray();
        Assert.IsEmpty(found, string.Join("\n", found));
    }

    /// <summary>Makes policies on all silos, for <see cref="OutAfterAsync"/>.</summary>
    public async Task SpreadAsync()
    {
        for (var i = 0; i < Spread; i++) Assert.AreEqual(1, (await PutAsync($"p-{i}", "first", create: true)).Version);
    }

    /// <summary>When the first writes of all policies began that were all acknowledged: those that were sent before wait for a silo that does not answer.</summary>
    public async Task<TimeSpan> OutAfterAsync(Stopwatch clock)
    {
        List<Task> rounds = [];
        var first = new TaskCompletionSource<TimeSpan>();
        while (!first.Task.IsCompleted)
        {
            rounds.Add(RoundAsync(clock.Elapsed));
            await Task.WhenAny(first.Task, Task.Delay(Period));
        }
        await Task.WhenAll(rounds);
        return await first.Task;

        async Task RoundAsync(TimeSpan from)
        {
            try
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, Spread).Select(i => PutAsync($"p-{i}", "second")));
                foreach (var (response, _) in answers) response.Dispose();
                if (answers.All(static a => a.Version > 0)) first.TrySetResult(from);
            }
            catch (OperationCanceledException)
            {
                // Longer than the client waits is not acknowledged either; the next round tells.
            }
        }
    }

    /// <summary>That nobody ended and was started again.</summary>
    public void AssertNotRestarted()
    {
        foreach (var part in Cluster.Silos.Concat(Cluster.Apis)) Assert.AreEqual(1, part.Starts, $"{part.Name} was started again\n{Cluster.Logs()}");
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Cluster.DisposeAsync();
    }
}
