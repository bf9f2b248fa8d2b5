using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Answers what an agent reads of synthetic nodes without a connection: the same pages, for a fleet whose sockets would cost more than the mesh that it is there to load.</summary>
internal sealed class NodePages(IReadOnlyList<SyntheticNode> nodes) : HttpMessageHandler
{
    private readonly Dictionary<int, SyntheticNode> _byPort = nodes.ToDictionary(static node => node.Endpoint.Port);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } address || !_byPort.TryGetValue(address.Port, out var node))
            throw new HttpRequestException("no synthetic node serves there");
        if (node.Mode.Mode == NodeMode.Fail)
            throw new HttpRequestException(HttpRequestError.ConnectionError, "the synthetic node drops its connections");
        await node.ModeSwitch.WaitWhileHangingAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var (status, type, body) = address.AbsolutePath switch
        {
            "/health" => (HttpStatusCode.OK, "text/plain", []),
            "/metrics" => (HttpStatusCode.OK, MetricsPage.ContentType, Encoding.UTF8.GetBytes(MetricsPage.Render(node))),
            "/v1/models" => (HttpStatusCode.OK, "application/json", NodeHandler.RenderModels(node)),
            _ => (HttpStatusCode.NotFound, "text/plain", Array.Empty<byte>()),
        };
        var response = new HttpResponseMessage(status) { RequestMessage = request, Content = new ByteArrayContent(body) };
        response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        response.Headers.Add(FleetResponse.SyntheticHeader, "true");
        return response;
    }
}
