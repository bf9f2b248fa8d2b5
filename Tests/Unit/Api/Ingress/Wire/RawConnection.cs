using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace InferMesh.Tests.Unit.Api.Ingress.Wire;

/// <summary>An answer as it stood on the wire.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A client that sends exactly the bytes that it is given, however wrong they are.</summary>
internal sealed class RawConnection : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawConnection(TcpClient client) => (_client, _stream) = (client, client.GetStream());

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port);
        return new(client);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public Task SendAsync(byte[] bytes) => _stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);

    /// <summary>Sends, though the server may have hung up already.</summary>
    public async Task<bool> TrySendAsync(byte[] bytes)
    {
        try
        {
            await SendAsync(bytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public Task<bool> TrySendAsync(string text) => TrySendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Nothing more will be sent.</summary>
    public void Finish() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>The next answer; null when the connection ended instead, in order or not, or when nothing came for a time.</summary>
    public async Task<RawAnswer?> ReadAsync(TimeSpan? silence = null)
    {
        try
        {
            if (silence is { } limit && !_client.Client.Poll(limit, SelectMode.SelectRead)) return null;
            if (await LineAsync() is not { Length: > 0 } start) return null;
            var status = int.Parse(start.Split(' ')[1], CultureInfo.InvariantCulture);
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await LineAsync() is { Length: > 0 } line) headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            return new(status, headers, await BodyAsync(headers));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether the server ends the connection, without another byte, in time.</summary>
    public async Task<bool> IsClosedAsync(TimeSpan limit)
    {
        try
        {
            return await _stream.ReadAsync(new byte[1]).AsTask().WaitAsync(limit) == 0;
        }
        catch (IOException)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> BodyAsync(Dictionary<string, string> headers)
    {
        var body = new StringBuilder();
        if (headers.TryGetValue("Transfer-Encoding", out _))
        {
            while (int.Parse(await LineAsync() ?? throw new IOException("The body ended early."), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
            {
                body.Append(await BytesAsync(size));
                await LineAsync();
            }
            await LineAsync();
        }
        else if (headers.TryGetValue("Content-Length", out var length))
        {
            body.Append(await BytesAsync(int.Parse(length, CultureInfo.InvariantCulture)));
        }
        return body.ToString();
    }

    private async Task<string> BytesAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A line without its end; null at the end of the connection.</summary>
    private async Task<string?> LineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _stream.ReadAsync(one).AsTask().WaitAsync(Patience) == 1)
        {
            if (one[0] == '\n') return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }
        return line.Length > 0 ? throw new IOException("A line ended early.") : null;
    }
}
