using System.Net;
using System.Net.Sockets;
using System.Text;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Dcgm;

/// <summary>Answers every connection on a free port of this machine with what a test makes of the request, or with silence.</summary>
internal sealed class LoopbackPage : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, string?> _answer;
    private readonly Task _loop;

    /// <param name="answer">The whole response to the text of a request; null never answers.</param>
    public LoopbackPage(Func<string, string?> answer)
    {
        _answer = answer;
        _listener.Start();
        _loop = AcceptAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/metrics");

    public static string Ok(string body) => $"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = client.GetStream();
                var buffer = new byte[4096];
                var request = Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, _stop.Token));
                if (_answer(request) is { } response)
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(response), _stop.Token);
                else
                    await Task.Delay(Timeout.Infinite, _stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
        {
            // the test is over, or the reader has hung up
        }
    }
}
