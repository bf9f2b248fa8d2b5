using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>Sends one request and reads its answer; every failure is an outcome, never an exception.</summary>
internal sealed class RequestSender : IDisposable
{
    private static readonly MediaTypeHeaderValue JsonType = new("application/json");

    private readonly HttpMessageInvoker _client;
    private readonly ReplayOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri _uri;
    private readonly byte[] _head;
    private readonly string _tail;

    public RequestSender(ReplayOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _uri = new Uri(options.Target, options.Chat ? "/v1/chat/completions" : "/v1/completions");
        var model = JsonEncodedText.Encode(options.Model);
        _head = Encoding.UTF8.GetBytes(options.Chat
            ? $"{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\""
            : $"{{\"model\":\"{model}\",\"prompt\":\"");
        _tail = (options.Chat ? "\"}]" : "\"") + (options.Stream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "") + ",\"max_tokens\":";
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            MaxConnectionsPerServer = int.MaxValue,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        };
        if (options.Tls is { } tls)
            handler.SslOptions = tls.ToOptions();
        _client = new HttpMessageInvoker(handler);
    }

    public async Task<RequestOutcome> SendAsync(TraceRecord record, int index, TimeSpan scheduled, long startTicks, CancellationToken cancellationToken)
    {
        var dueTicks = startTicks + (long)(scheduled.TotalSeconds * _time.TimestampFrequency);
        var lag = _time.GetElapsedTime(dueTicks);
        var run = new Run { Node = "direct" };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        string? error;
        try
        {
            using var request = Build(record, index);
            using var response = await _client.SendAsync(request, limit.Token);
            if (response.Headers.TryGetValues("x-infermesh-node", out var nodes))
                run.Node = string.Intern(nodes.First());
            error = response.StatusCode == HttpStatusCode.OK
                ? await ReadAsync(response, run, limit.Token)
                : string.Create(CultureInfo.InvariantCulture, $"http_{(int)response.StatusCode}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or InvalidDataException or SocketException)
        {
            error = KindOf(exception, run, cancellationToken);
        }

        return Conclude(record, scheduled, lag, dueTicks, run, error);
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Build(in TraceRecord record, int index)
    {
        var tail = string.Create(CultureInfo.InvariantCulture, $"{_tail}{record.OutputTokens}}}");
        var promptBytes = record.PromptTokens * PromptBuilder.BytesPerToken;
        var body = new byte[_head.Length + promptBytes + tail.Length];
        _head.CopyTo(body, 0);
        PromptBuilder.Write(body.AsSpan(_head.Length, promptBytes), record, _options.Seed, index);
        Encoding.ASCII.GetBytes(tail, body.AsSpan(_head.Length + promptBytes));

        var request = new HttpRequestMessage(HttpMethod.Post, _uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = JsonType } },
        };
        request.Headers.TryAddWithoutValidation("x-infermesh-prompt-tokens", record.PromptTokens.ToString(CultureInfo.InvariantCulture));
        if (_options.Credential is { } credential && !_options.Headers.Any(static header => header.Key.Equals("authorization", StringComparison.OrdinalIgnoreCase)))
            request.Headers.TryAddWithoutValidation("authorization", $"Bearer {credential.Text}");
        foreach (var (name, value) in _options.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private Task<string?> ReadAsync(HttpResponseMessage response, Run run, CancellationToken cancellationToken)
        => _options.Stream ? ReadStreamAsync(response, run, cancellationToken) : ReadWholeAsync(response, run, cancellationToken);

    private async Task<string?> ReadStreamAsync(HttpResponseMessage response, Run run, CancellationToken cancellationToken)
    {
        var sse = new SseReader();
        var buffer = ArrayPool<byte>.Shared.Rent(8192);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                var before = run.Tally.TextEvents;
                sse.Feed(buffer.AsSpan(0, read), ref run.Tally, StreamTally.Take);
                if (run.Tally.TextEvents == before)
                    continue;
                run.LastTextTicks = _time.GetTimestamp();
                if (before == 0)
                    run.FirstTextTicks = run.LastTextTicks;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return run.Tally.Done && !run.Tally.Failed ? null : ErrorKind.BrokenStream;
    }

    private static async Task<string?> ReadWholeAsync(HttpResponseMessage response, Run run, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        run.Tally.TakeWhole(body);
        return run.Tally.Failed ? ErrorKind.BadAnswer : null;
    }

    private static string KindOf(Exception exception, Run run, CancellationToken runCancelled) => exception switch
    {
        OperationCanceledException when runCancelled.IsCancellationRequested => ErrorKind.Interrupted,
        OperationCanceledException => ErrorKind.Timeout,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => ErrorKind.Connect,
        InvalidDataException => ErrorKind.BadAnswer,
        _ => run.Tally.TextEvents > 0 ? ErrorKind.BrokenStream : ErrorKind.NoAnswer,
    };

    private RequestOutcome Conclude(in TraceRecord record, TimeSpan scheduled, TimeSpan lag, long dueTicks, Run run, string? error)
    {
        var tokens = run.Tally.CompletionTokens ?? run.Tally.TextEvents;
        TimeSpan? first = run.FirstTextTicks == 0 ? null : _time.GetElapsedTime(dueTicks, run.FirstTextTicks);
        TimeSpan? perToken = run.FirstTextTicks == 0 || tokens < 2
            ? null
            : _time.GetElapsedTime(run.FirstTextTicks, run.LastTextTicks) / (tokens - 1);
        return new RequestOutcome(
            scheduled, lag > TimeSpan.Zero ? lag : TimeSpan.Zero, _time.GetElapsedTime(dueTicks), first, perToken,
            run.Tally.PromptTokens ?? record.PromptTokens, tokens, run.Node, error);
    }

    private sealed class Run
    {
        public StreamTally Tally;
        public long FirstTextTicks, LastTextTicks;
        public required string Node;
    }
}
