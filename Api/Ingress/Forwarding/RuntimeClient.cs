using System.Diagnostics;
using System.Net;
using System.Text;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Runtimes;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>Sends requests to runtimes over one pool of connections.</summary>
internal sealed class RuntimeClient : IDisposable
{
    private readonly HttpMessageInvoker _invoker;

    public RuntimeClient(IOptions<IngressSettings> settings, RuntimeConnector connector) => _invoker = new(connector.Limit(new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = settings.Value.ConnectTimeout,
        // A node that moves to another address is found again; idle connections end before common server limits do.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        // An answer that nobody wants any more is generated at the cost of others: close rather than drain.
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(100),
        // The trace context is written by hand below, without a second span per request.
        ActivityHeadersPropagator = null,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
    }));

    /// <summary>Sends the body as it came; returns when the headers of the answer are there.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpContext context, Uri url, ReadOnlyMemory<byte> body, string requestId, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethods.IsGet(context.Request.Method) ? HttpMethod.Get : HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        RuntimeUrl.Address(request, url);
        var connection = context.Request.Headers.Connection.ToString();
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!HeaderRules.ForwardsToRuntime(name, connection)) continue; // Ends here by the rules of HTTP.
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)) request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        request.Headers.TryAddWithoutValidation(RequestHeaders.RequestId, requestId);
        AddTrace(context, request);
        return _invoker.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _invoker.Dispose();

    /// <summary>W3C trace context: our span when there is one, else the client's own.</summary>
    internal static void AddTrace(HttpContext context, HttpRequestMessage request)
    {
        var (parent, state) = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
            ? (activity.Id, activity.TraceStateString)
            : (context.Request.Headers.TraceParent.ToString(), context.Request.Headers.TraceState.ToString());
        if (!string.IsNullOrEmpty(parent)) request.Headers.TryAddWithoutValidation("traceparent", parent);
        if (!string.IsNullOrEmpty(state)) request.Headers.TryAddWithoutValidation("tracestate", state);
    }
}
