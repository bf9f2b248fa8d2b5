using Grpc.Net.Client;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>One API to report to: an address with an HTTP/2 connection that several nodes may share.</summary>
internal sealed class StatePlaneTarget : IDisposable
{
    private readonly GrpcChannel _channel;

    public StatePlaneTarget(Uri address)
    {
        Address = address;
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                // A mesh is inside a network: a proxy for the way out of it is not for this.
                UseProxy = false,
                EnableMultipleHttp2Connections = true,
                ConnectTimeout = TimeSpan.FromSeconds(3),
                KeepAlivePingDelay = TimeSpan.FromSeconds(10),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            },
        });
        Client = new StatePlane.StatePlaneClient(_channel);
    }

    public Uri Address { get; }

    public StatePlane.StatePlaneClient Client { get; }

    public void Dispose() => _channel.Dispose();
}
