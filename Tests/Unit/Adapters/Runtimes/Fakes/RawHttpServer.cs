using System.Net;
using System.Net.Sockets;
using System.Text;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

/// <summary>Answers each connection with fixed bytes by path and closes it, which no well-behaved server does in the middle of a body.</summary>
internal sealed class RawHttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, string> _answer;
    private readonly Task _loop;

    public RawHttpServer(Func<string, string> answer)
    {
        _answer = answer;
        _listener.Start();
        _loop = Task.Run(AcceptAsync);
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>A response that promises <paramref name="length"/> bytes and carries what it carries.</summary>
    public static string Response(string body, int? length = null) =>
        $"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length ?? body.Length}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // the listener was stopped, while it waited or before it began to
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        var request = "";
        var buffer = new byte[4096];
        while (!request.Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer);
            if (read == 0)
                return;
            request += Encoding.ASCII.GetString(buffer, 0, read);
        }
        await stream.WriteAsync(Encoding.ASCII.GetBytes(_answer(request.Split(' ')[1])));
    }
}
