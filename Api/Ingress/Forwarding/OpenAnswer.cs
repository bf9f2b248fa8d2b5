using System.Buffers;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>The answer of one target from its first byte on, or why there is none. Nothing of it has reached the client yet.</summary>
internal sealed class OpenAnswer(RouteTarget target, TimeSpan sent) : IDisposable
{
    private const int FirstReadBytes = 16 * 1024;

    private HttpResponseMessage? _response;
    private Stream _stream = Stream.Null;
    private OutputTally? _tokens;
    private byte[]? _first;
    private int _length;
    private TimeSpan? _firstByte;

    /// <summary>Who answers.</summary>
    public RouteTarget Target { get; } = target;

    /// <summary>When the request was sent, since it came in.</summary>
    public TimeSpan Sent { get; } = sent;

    /// <summary>Why there is no answer; null when there is one.</summary>
    public AttemptResult? Failure { get; private set; }

    /// <summary>The call in a trace, from sending it to the last byte; null when it is not traced.</summary>
    public UpstreamSpan? Span { get; set; }

    /// <summary>Head of the answer.</summary>
    public HttpResponseMessage Response => _response ?? throw new InvalidOperationException("There is no answer.");

    /// <summary>First bytes of the body; empty when it has none.</summary>
    public ReadOnlySpan<byte> First => _first.AsSpan(0, _length);

    /// <summary>The runtime answered.</summary>
    public void Took(HttpResponseMessage response) => _response = response;

    /// <summary>There is no answer.</summary>
    public OpenAnswer Failed(AttemptResult failure)
    {
        Failure = failure;
        Span?.End(failure);
        Dispose();
        return this;
    }

    public async Task ReadFirstAsync(Func<TimeSpan> elapsed, CancellationToken stop)
    {
        _tokens = OutputTally.For(Response.Content.Headers);
        _first = ArrayPool<byte>.Shared.Rent(FirstReadBytes);
        _stream = await Response.Content.ReadAsStreamAsync(stop);
        _length = await _stream.ReadAsync(_first, stop);
        if (_length > 0) _firstByte = elapsed();
        Span?.FirstByte();
        _tokens.Add(First);
    }

    /// <summary>The next bytes; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> memory, CancellationToken stop)
    {
        var length = await _stream.ReadAsync(memory, stop);
        _tokens?.Add(memory.Span[..length]);
        return length;
    }

    /// <summary>How it ended, with what is known of it.</summary>
    public AttemptResult Result(AttemptEnd end, string reason)
    {
        var result = new AttemptResult(end, reason, _response is null ? 0 : (int)_response.StatusCode, null, _firstByte, _tokens?.IsStream ?? false, _tokens?.Tokens, _tokens?.PromptTokens);
        Span?.End(result);
        return result;
    }

    /// <summary>Breaks the connection off unless the answer was read to its end.</summary>
    public void Dispose()
    {
        // One that nobody wanted any more.
        Span?.End(new(AttemptEnd.Cancelled, "abandoned"));
        _response?.Dispose();
        if (_first is { } first)
        {
            _first = null;
            _length = 0;
            ArrayPool<byte>.Shared.Return(first);
        }
    }
}
