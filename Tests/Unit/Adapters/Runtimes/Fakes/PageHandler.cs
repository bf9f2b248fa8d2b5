using System.Net;
using System.Text;
using InferMesh.Adapters.Runtimes;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

/// <summary>Answers without a network, for tests that read a great many times.</summary>
internal sealed class PageHandler : HttpMessageHandler
{
    private readonly Dictionary<string, byte[]> _pages = new(StringComparer.Ordinal);

    public void Set(string path, byte[] body) => _pages[path] = body;

    public void Set(string path, string body) => Set(path, Encoding.UTF8.GetBytes(body));

    /// <summary>Everything that a fake runtime answers.</summary>
    public void Serve(FakeRuntime runtime)
    {
        if (runtime.Health is { } health)
            Set(health, "");
        foreach (var (path, body) in runtime.Documents)
            Set(path, body);
        if (runtime.Metrics is { } metrics)
            Set(metrics, runtime.Page(10));
    }

    public static IRuntimeProbe Probe(string kind, HttpClient client, TimeProvider time) => RuntimeKinds.CreateProbe(
        kind, client, new() { Endpoint = new Uri("http://runtime"), MetricsEndpoint = new Uri("http://runtime"), ManagementEndpoint = new Uri("http://runtime"), Models = [FakeRuntime.Model] }, time);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(
        _pages.TryGetValue(request.RequestUri!.AbsolutePath, out var body)
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) }
            : new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new ByteArrayContent([]) });
}
