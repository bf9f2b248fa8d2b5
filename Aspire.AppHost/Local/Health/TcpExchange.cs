using System.Net;
using System.Net.Sockets;

namespace InferMesh.AppHost.Local.Health;

/// <summary>Sends a few bytes to a local port and looks at the first bytes of the answer.</summary>
internal static class TcpExchange
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <returns>What arrived first; empty where nothing listens, nothing answers or the peer hangs up.</returns>
    public static async Task<byte[]> AskAsync(int port, ReadOnlyMemory<byte> question, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var client = new TcpClient(AddressFamily.InterNetwork);
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            await client.GetStream().WriteAsync(question, limit.Token);
            var answer = new byte[64];
            var length = await client.GetStream().ReadAsync(answer, limit.Token);
            return answer[..length];
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return [];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }
}
