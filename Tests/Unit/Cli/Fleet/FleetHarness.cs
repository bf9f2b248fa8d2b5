using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Cli.Fleet;

namespace InferMesh.Tests.Unit.Cli.Fleet;

/// <summary>A small in-process fleet on free ports and a client for it.</summary>
internal sealed class FleetHarness : IAsyncDisposable
{
    public const string Model = FleetOptions.DefaultModel;

    private FleetHarness(SyntheticFleet fleet) => Fleet = fleet;

    public SyntheticFleet Fleet { get; }

    // A connection whose request was given up before it was sent goes idle: it must end soon, for tests that wait for that.
    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(60) };

    public SyntheticNode Node => Fleet.Nodes[0];

    public static async Task<FleetHarness> StartAsync(int nodes = 1, double timeScale = 0.05, string gpuMix = "H100-80G", params string[] models)
        => new(await SyntheticFleet.StartAsync(
            new FleetOptions { Nodes = nodes, Cells = 1, BasePort = 0, AdminPort = 0, GpuMix = gpuMix, TimeScale = timeScale, Models = models is [] ? [Model] : models },
            TimeProvider.System, CancellationToken.None));

    public Task<HttpResponseMessage> CompleteAsync(object body, CancellationToken cancellationToken, int node = 0, string path = "/v1/completions")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Fleet.Nodes[node].Endpoint, path)) { Content = JsonContent.Create(body) };
        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public Task<HttpResponseMessage> AdminAsync(string path, object body, CancellationToken cancellationToken)
        => Client.PostAsJsonAsync(new Uri(Fleet.AdminEndpoint, path), body, cancellationToken);

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
        => await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);

    /// <summary>Waits for a condition that another thread brings about; fails after 30 s.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(30))
                Assert.Fail($"Not within 30 s: {what}");
            await Task.Delay(5, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Fleet.DisposeAsync();
    }
}
