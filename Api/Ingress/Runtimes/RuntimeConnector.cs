using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Runtimes;

/// <summary>A connection that the policy of runtimes forbids.</summary>
internal sealed class RuntimeRefusedException(string message) : IOException(message);

/// <summary>
/// Connects to runtimes where the policy allows it, by the address that is really connected to: what a name meant when its node reported it may have changed since.
/// </summary>
internal sealed partial class RuntimeConnector(IOptions<IngressSettings> settings, ILogger<RuntimeConnector> logger)
{
    /// <summary>Short name of why an attempt failed.</summary>
    public const string Reason = "address_refused";

    private readonly RuntimePolicy _policy = RuntimePolicy.Of(settings.Value);

    /// <summary>Finds the addresses of a name.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Lets a client connect by this.</summary>
    public SocketsHttpHandler Limit(SocketsHttpHandler handler)
    {
        handler.ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, cancellationToken);
        return handler;
    }

    /// <summary>Whether an attempt failed because the policy forbids it.</summary>
    public static bool IsRefusal(Exception e) => e is RuntimeRefusedException || e.InnerException is RuntimeRefusedException;

    /// <exception cref="RuntimeRefusedException">The policy forbids it.</exception>
    internal async ValueTask<Stream> ConnectAsync(DnsEndPoint end, CancellationToken cancellationToken)
    {
        if (_policy.RefusalOf(end.Host, end.Port) is not null) throw Refused(end.Host);
        var addresses = IPAddress.TryParse(end.Host, out var literal) ? [literal] : await Resolve(end.Host, cancellationToken);
        addresses = [.. addresses.Where(address => _policy.Allows(end.Host, address))];
        if (addresses.Length == 0) throw Refused(end.Host);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, end.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private RuntimeRefusedException Refused(string host)
    {
        LogRefused(host);
        return new($"The policy of runtimes forbids connections to {host}.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A node's runtime is at {Host}, where InferMesh:Ingress:AllowedRuntimes and RuntimePorts allow no connection: the request goes to another node")]
    private partial void LogRefused(string host);
}
