using System.Net;
using System.Net.Sockets;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Options;

namespace InferMesh.Silo.Clustering;

/// <summary>A taken port is found before the silo joins: one line that names the setting, and no half-joined silo to clean up.</summary>
internal sealed class PortPreflight(ClusterSettings settings) : IPreflight
{
    public Task CheckAsync(CancellationToken cancellationToken)
    {
        Check(settings.SiloPort, nameof(ClusterSettings.SiloPort));
        if (settings.GatewayPort != 0)
            Check(settings.GatewayPort, nameof(ClusterSettings.GatewayPort));
        return Task.CompletedTask;
    }

    private void Check(int port, string setting)
    {
        var address = settings.ListenOnAnyAddress ? IPAddress.Any : IPAddress.Parse(settings.AdvertisedIPAddress);
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
        }
        catch (SocketException e)
        {
            var reason = e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "is taken by another process; choose another" : $"cannot be listened on: {e.Message}";
            throw new StartupException($"{ClusterSettings.Section}:{setting} = {address}:{port} {reason}.", ExitCodes.Failed);
        }
    }
}
