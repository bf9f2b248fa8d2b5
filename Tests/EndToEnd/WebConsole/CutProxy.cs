using System.Net;
using System.Net.Sockets;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>A line to a port of this machine that can be cut and mended.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly int _to;
    private readonly int _port;
    private CancellationTokenSource _cut = new();
    private Task _accepting;

    public CutProxy(int to)
    {
        _to = to;
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(listener, _cut.Token);
    }

    public Uri Address => new($"http://127.0.0.1:{_port}");

    /// <summary>Breaks all connections; there are no new ones.</summary>
    public async Task CutAsync()
    {
        await _cut.CancelAsync();
        await _accepting;
    }

    /// <summary>Lets new connections in.</summary>
    public void Mend()
    {
        _cut.Dispose();
        _cut = new();
        var listener = new TcpListener(IPAddress.Loopback, _port);
        listener.Start();
        _accepting = AcceptAsync(listener, _cut.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        _cut.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, CancellationToken cut)
    {
        var lines = new List<Task>();
        try
        {
            while (true) lines.Add(JoinAsync(await listener.AcceptTcpClientAsync(cut), cut));
        }
        catch (OperationCanceledException)
        {
            // Cut.
        }
        listener.Dispose();
        await Task.WhenAll(lines);
    }

    private async Task JoinAsync(TcpClient near, CancellationToken cut)
    {
        using (near)
        using (var far = new TcpClient())
        {
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, _to, cut);
                var (a, b) = (near.GetStream(), far.GetStream());
                await Task.WhenAny(a.CopyToAsync(b, cut), b.CopyToAsync(a, cut));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // Cut, or one side has hung up.
            }
        }
    }
}
