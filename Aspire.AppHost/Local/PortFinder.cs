using System.Net;
using System.Net.Sockets;

namespace InferMesh.AppHost.Local;

/// <summary>Finds free ports on the loopback.</summary>
internal sealed class PortFinder
{
    // Below the range from which systems take the ports of outgoing connections: a port must still be free when its process restarts.
    private const int First = 20000;
    private const int End = 32000;
    private int _next = Random.Shared.Next(First, End);

    /// <summary>A port that nobody listens on; no port is returned twice.</summary>
    /// <exception cref="InvalidOperationException">No port of the range is free.</exception>
    public int Next()
    {
        for (var tried = First; tried < End; tried++)
        {
            var port = _next;
            _next = port + 1 == End ? First : port + 1;
            if (IsFree(port)) return port;
        }

        throw new InvalidOperationException($"No port from {First} to {End - 1} is free on 127.0.0.1.");
    }

    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
