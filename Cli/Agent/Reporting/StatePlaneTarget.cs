using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using InferMesh.Adapters.Tls;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>One API to report to: an address with an HTTP/2 connection that several nodes may share.</summary>
internal sealed class StatePlaneTarget : IDisposable
{
    private readonly GrpcChannel _channel;

    /// <param name="address">Address.</param>
    /// <param name="credential">Key or token that is sent with each call; null for none.</param>
    public StatePlaneTarget(Uri address, Credential? credential = null)
        : this(address, Handler(), credential)
    {
    }

    /// <param name="address">Address.</param>
    /// <param name="tls">Certificates, watched; null trusts what this machine trusts and shows none.</param>
    /// <param name="credential">Key or token that is sent with each call; null for none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="failed">Told when new certificates cannot be used.</param>
    public StatePlaneTarget(Uri address, ClientTlsFiles? tls, Credential? credential, TimeProvider time, Action<string> failed)
        : this(address, tls is null || address.Scheme != "https" ? Handler() : new RenewedTlsHandler(tls, Handler, time, failed), credential)
    {
    }

    private StatePlaneTarget(Uri address, HttpMessageHandler handler, Credential? credential)
    {
        Address = address;
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { DisposeHttpClient = true, HttpHandler = handler });
        Client = new StatePlane.StatePlaneClient(credential is null ? _channel.CreateCallInvoker() : _channel.Intercept(headers =>
        {
            headers.Add("authorization", $"Bearer {credential.Text}");
            return headers;
        }));
    }

    public Uri Address { get; }

    public StatePlane.StatePlaneClient Client { get; }

    public void Dispose() => _channel.Dispose();

    private static SocketsHttpHandler Handler() => new()
    {
        // A mesh is inside a network: a proxy for the way out of it is not for this.
        UseProxy = false,
        EnableMultipleHttp2Connections = true,
        ConnectTimeout = TimeSpan.FromSeconds(3),
        KeepAlivePingDelay = TimeSpan.FromSeconds(10),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
    };
}
