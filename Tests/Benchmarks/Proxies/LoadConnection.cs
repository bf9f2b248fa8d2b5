using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>One keep-alive connection of the load generator: blocking calls on a thread of its own cost the least and have no scheduler of their own to measure.</summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000, SendTimeout = 30_000 };
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _request;
    private int _length;

    public LoadConnection(int port, string pathAndQuery, byte[] body)
    {
        _socket.Connect(IPAddress.Loopback, port);
        _request = [.. Encoding.ASCII.GetBytes($"POST {pathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: */*\r\nUser-Agent: bench\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
    }

    /// <summary>Sends the request and reads its answer to the end.</summary>
    public void Exchange()
    {
        Send();
        var head = ReadHead();
        var length = LengthOf(_buffer.AsSpan(0, head));
        if (length >= 0)
        {
            while (_length < head + length) Receive();
        }
        else
        {
            while (!EndsChunks()) Receive();
        }
        _length = 0;
    }

    /// <summary>Sends the request and reads a stream of events; the delay of each one, in ticks of the stopwatch, goes to <paramref name="delays"/>.</summary>
    public void Stream(List<long> delays)
    {
        Send();
        _ = ReadHead();
        for (var start = 0; ;)
        {
            var now = Stopwatch.GetTimestamp();
            var key = Encoding.ASCII.GetBytes(Upstream.TimeKey).AsSpan();
            for (int at; (at = _buffer.AsSpan(start, _length - start).IndexOf(key)) >= 0;)
            {
                var digits = start + at + key.Length;
                // An event that has come in part waits for the rest.
                if (!Utf8Parser.TryParse(_buffer.AsSpan(digits, _length - digits), out long sent, out var used) || digits + used == _length) break;
                delays.Add(now - sent);
                start = digits + used;
            }
            if (EndsChunks()) break;
            if (_length > _buffer.Length / 2)
            {
                _buffer.AsSpan(start, _length - start).CopyTo(_buffer);
                (start, _length) = (0, _length - start);
            }
            Receive();
        }
        _length = 0;
    }

    public void Dispose() => _socket.Dispose();

    private void Send()
    {
        for (var sent = 0; sent < _request.Length;) sent += _socket.Send(_request.AsSpan(sent));
    }

    private int ReadHead()
    {
        int end;
        while ((end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8)) < 0) Receive();
        if (!_buffer.AsSpan(0, _length).StartsWith("HTTP/1.1 200"u8)) throw new InvalidOperationException(Encoding.UTF8.GetString(_buffer, 0, _length));
        return end + 4;
    }

    private void Receive()
    {
        var read = _socket.Receive(_buffer.AsSpan(_length));
        if (read == 0) throw new IOException("The server closed the connection.");
        _length += read;
    }

    private bool EndsChunks() => _buffer.AsSpan(0, _length).EndsWith("0\r\n\r\n"u8);

    private static int LengthOf(ReadOnlySpan<byte> head)
    {
        for (var line = head.IndexOf((byte)'\n') + 1; line > 0 && line < head.Length;)
        {
            var rest = head[line..];
            if (Ascii.EqualsIgnoreCase(rest[..Math.Min(15, rest.Length)], "content-length:"u8))
                return Utf8Parser.TryParse(rest[15..].TrimStart((byte)' '), out int length, out _) ? length : throw new InvalidOperationException("Content-Length is no number.");
            line += rest.IndexOf((byte)'\n') + 1;
        }
        return -1;
    }
}
