using System.Net;
using System.Text;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Runtimes;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>Opens two-way connections to runtimes: HTTP/2 streams and upgrades of HTTP/1.1.</summary>
internal sealed class TunnelClient : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly IngressMetrics _metrics;

    public TunnelClient(IOptions<IngressSettings> settings, RuntimeConnector connector, IngressMetrics metrics)
    {
        _metrics = metrics;
        _invoker = new(connector.Limit(new()
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.Value.ConnectTimeout,
            // A server allows about a hundred streams on a connection, and conversations last.
            EnableMultipleHttp2Connections = true,
            // A node that vanished without a word is noticed while a stream waits for it.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ActivityHeadersPropagator = null,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        }));
    }

    /// <summary>A request with the client's headers, save those that end here.</summary>
    public static HttpRequestMessage Request(HttpContext context, HttpMethod method, Uri url, Version version, HttpContent? content, string requestId)
    {
        var request = new HttpRequestMessage(method, RuntimeUrl.AsHttp(url)) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        var connection = context.Request.Headers.Connection.ToString();
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!HeaderRules.ForwardsToRuntime(name, connection)) continue; // Ends here by the rules of HTTP.
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)) content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        request.Headers.TryAddWithoutValidation(RequestHeaders.RequestId, requestId);
        RuntimeClient.AddTrace(context, request);
        return request;
    }

    /// <summary>Returns when the head of the answer is there.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker.SendAsync(request, cancellationToken);

    /// <summary>Copies the headers of the answer, save those that end here.</summary>
    public void CopyHead(HttpResponseMessage from, HttpResponse to)
    {
        var connection = from.Headers.NonValidated.TryGetValues("Connection", out var named) ? named.ToString() : null;
        foreach (var (name, values) in from.Headers.NonValidated.Concat(from.Content.Headers.NonValidated))
        {
            if (!HeaderRules.ForwardsToClient(name, connection)) continue; // Ends here by the rules of HTTP.
            foreach (var value in values)
            {
                if (HeaderRules.IsLegal(value)) to.Headers[name] = StringValues.Concat(to.Headers[name], value);
                else _metrics.HeaderDropped();
            }
        }
    }

    /// <summary>Short name of why a connection failed.</summary>
    public static string Reason(Exception e) => e switch
    {
        _ when RuntimeConnector.IsRefusal(e) => RuntimeConnector.Reason,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => "connect",
        OperationCanceledException => "connect",
        _ => "reset",
    };

    public void Dispose() => _invoker.Dispose();
}
