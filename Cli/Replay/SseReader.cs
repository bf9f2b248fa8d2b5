namespace InferMesh.Cli.Replay;

/// <summary>
/// Cuts a byte stream into the payloads of <c>data:</c> lines without decoding text. Lines may end in LF or CRLF and be split anywhere;
/// comments and other fields are passed over, as the server-sent events standard asks.
/// </summary>
internal sealed class SseReader(int maxLineBytes = 1 << 20)
{
    private byte[] _pending = [];
    private int _pendingLength;

    public delegate void DataHandler<TState>(ref TState state, ReadOnlySpan<byte> payload);

    /// <summary>Bytes of a line that has not ended.</summary>
    public int PendingBytes => _pendingLength;

    /// <summary>Takes the next bytes and shows each payload that they complete.</summary>
    /// <exception cref="InvalidDataException">A line exceeds the limit.</exception>
    public void Feed<TState>(ReadOnlySpan<byte> bytes, ref TState state, DataHandler<TState> onData)
    {
        while (true)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                Keep(bytes);
                return;
            }

            var line = bytes[..end];
            if (_pendingLength > 0)
            {
                Keep(line);
                line = _pending.AsSpan(0, _pendingLength);
            }

            if (line.StartsWith("data:"u8))
                onData(ref state, Payload(line));
            _pendingLength = 0;
            bytes = bytes[(end + 1)..];
        }
    }

    private static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> line)
    {
        var payload = line["data:".Length..];
        if (payload is [(byte)' ', ..])
            payload = payload[1..];
        return payload is [.., (byte)'\r'] ? payload[..^1] : payload;
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty)
            return;
        var length = _pendingLength + part.Length;
        if (length > maxLineBytes)
            throw new InvalidDataException($"A line of the event stream exceeds {maxLineBytes} bytes.");
        if (length > _pending.Length)
            Array.Resize(ref _pending, Math.Max(length, Math.Max(512, _pending.Length * 2)));
        part.CopyTo(_pending.AsSpan(_pendingLength));
        _pendingLength = length;
    }
}
