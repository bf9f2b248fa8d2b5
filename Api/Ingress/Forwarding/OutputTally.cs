using System.Buffers.Text;
using System.Net.Http.Headers;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>
/// Counts the tokens of an answer as it passes by. The runtime's own count (<c>usage.completion_tokens</c>, <c>usage.output_tokens</c> or TGI's <c>details.generated_tokens</c>, near the end of the answer) is the truth; without it each event of
/// a stream counts as one token, which is off by the one or two events that only open or close the answer. An answer that is compressed stays uncounted.
/// </summary>
internal sealed class OutputTally
{
    // Usage stands after the choices; what follows it is short.
    private const int TailBytes = 2048;

    private readonly bool _readable;
    private readonly byte[] _tail = new byte[2 * TailBytes];
    private int _tailLength;
    private int _events;
    private int _matched;

    private OutputTally(bool readable, bool isStream) => (_readable, IsStream) = (readable, isStream);

    private static ReadOnlySpan<byte> EventStart => "data:"u8;

    private static ReadOnlySpan<byte> UsageKey => "\"completion_tokens\":"u8;

    private static ReadOnlySpan<byte> TgiUsageKey => "\"generated_tokens\":"u8;

    private static ReadOnlySpan<byte> PromptKey => "\"prompt_tokens\":"u8;

    // What the Responses API and Anthropic's call them.
    private static ReadOnlySpan<byte> OutputKey => "\"output_tokens\":"u8;

    private static ReadOnlySpan<byte> InputKey => "\"input_tokens\":"u8;

    /// <summary>The answer is a stream of server-sent events.</summary>
    public bool IsStream { get; }

    /// <summary>Tokens so far; null when unknown.</summary>
    public int? Tokens => !_readable ? null : Usage(UsageKey) ?? Usage(OutputKey) ?? Usage(TgiUsageKey) ?? (IsStream && _events > 0 ? _events : null);

    /// <summary>Tokens of the prompt as the runtime counted them; null when unknown.</summary>
    public int? PromptTokens => _readable ? Usage(PromptKey) ?? Usage(InputKey) : null;

    public static OutputTally For(HttpContentHeaders headers) => new(
        !headers.NonValidated.Contains("Content-Encoding"),
        headers.NonValidated.TryGetValues("Content-Type", out var type) && type.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase));

    /// <summary>The next bytes of the answer, cut anywhere.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (!_readable || bytes.IsEmpty) return;
        Keep(bytes);
        if (IsStream) Count(bytes);
    }

    /// <summary>Counts lines that hold an object, in any cut: <see cref="_matched"/> is how far the current line agrees, or -1 when it is settled.</summary>
    private void Count(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_matched >= 0)
            {
                var next = bytes[0];
                if (_matched < EventStart.Length && next == EventStart[_matched])
                {
                    _matched++;
                    bytes = bytes[1..];
                    continue;
                }
                if (_matched == EventStart.Length && next == ' ')
                {
                    bytes = bytes[1..];
                    continue;
                }
                // The end mark of a stream is no object.
                if (_matched == EventStart.Length && next == '{') _events++;
                _matched = -1;
            }
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0) return;
            bytes = bytes[(end + 1)..];
            _matched = 0;
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > TailBytes) bytes = bytes[^TailBytes..];
        if (_tailLength + bytes.Length > _tail.Length)
        {
            _tail.AsSpan(_tailLength - TailBytes, TailBytes).CopyTo(_tail);
            _tailLength = TailBytes;
        }
        bytes.CopyTo(_tail.AsSpan(_tailLength));
        _tailLength += bytes.Length;
    }

    /// <summary>Inside a text its quotes would be escaped: the key found is one of the answer's own.</summary>
    private int? Usage(ReadOnlySpan<byte> key)
    {
        var tail = _tail.AsSpan(0, _tailLength);
        var at = tail.LastIndexOf(key);
        if (at < 0) return null;
        return Utf8Parser.TryParse(tail[(at + key.Length)..].TrimStart((byte)' '), out int count, out _) && count >= 0 ? count : null;
    }
}
