using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>Sends calls and reads as much of the answers as there is, or as is enough.</summary>
internal sealed class FuzzSender(Uri rest, Uri grpc, string adminKey) : IDisposable
{
    private const int EnoughBytes = 64 * 1024;
    private static readonly string[] Endless = ["/events", "Watch", "Poll", "Stream", "Subscribe"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StreamTime = TimeSpan.FromMilliseconds(300);
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null, EnableMultipleHttp2Connections = true });

    /// <summary>Key that a caller shows; null for none.</summary>
    public string? Key(FuzzCaller caller) => caller switch
    {
        FuzzCaller.Admin => adminKey,
        FuzzCaller.Stranger => "im_0123456789ab_" + new string('x', 43),
        _ => null,
    };

    public async Task<FuzzAnswer> SendAsync(FuzzCall call)
    {
        try
        {
            return call.Wire == FuzzWire.Raw ? await SendRawAsync(call) : await SendHttpAsync(call);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or HttpProtocolException)
        {
            return new(FuzzAnswer.Closed, $"{e.Message} {e.GetBaseException().Message}");
        }
        catch (OperationCanceledException)
        {
            return new(FuzzAnswer.Silent, "");
        }
        catch (Exception e)
        {
            // An answer that a client cannot read is none.
            return new(FuzzAnswer.Silent, e.ToString());
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<FuzzAnswer> SendHttpAsync(FuzzCall call)
    {
        var isGrpc = call.Wire == FuzzWire.Grpc;
        using var request = new HttpRequestMessage(new(call.Method), new Uri((isGrpc ? grpc : rest).GetLeftPart(UriPartial.Authority) + call.Path, AsWritten))
        {
            Version = isGrpc ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = call.Body is null ? null : new ByteArrayContent(call.Body),
        };
        foreach (var (name, value) in call.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
        // These change what the client itself does.
        if (request.Headers.ExpectContinue == true || request.Headers.Upgrade.Count > 0) _ = request.Headers.Remove("Expect") | request.Headers.Remove("Upgrade");
        if (Key(call.Caller) is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var limit = new CancellationTokenSource(Patience);
        // What streams gives its head at once, unless it waits for something to say.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        if (isGrpc && IsEndless(call)) patience.CancelAfter(StreamTime);
        try
        {
            using var response = await _client.SendAsync(request, patience.Token);
            if (call.IsStream && response.Content.Headers.ContentLength is null) patience.CancelAfter(IsEndless(call) ? StreamTime : Patience);
            var text = await BeginningAsync(response.Content, patience.Token);
            if (!isGrpc) return new((int)response.StatusCode, text);
            return Code(response.Headers) ?? Code(response.TrailingHeaders) ?? new(response.StatusCode == HttpStatusCode.OK ? FuzzAnswer.Closed : (int)response.StatusCode * 100, "no grpc-status");
        }
        catch (OperationCanceledException) when (!limit.IsCancellationRequested)
        {
            return new(FuzzAnswer.Left, "");
        }
    }

    // Event streams, and what waits for news.
    private static bool IsEndless(FuzzCall call) => Endless.Any(part => call.Operation.Contains(part, StringComparison.Ordinal));

    private static FuzzAnswer? Code(HttpResponseHeaders headers) =>
        headers.TryGetValues("grpc-status", out var code) ? new(int.Parse(code.First(), CultureInfo.InvariantCulture), headers.TryGetValues("grpc-message", out var message) ? message.First() : "") : null;

    private static async Task<string> BeginningAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[EnoughBytes];
        var length = 0;
        while (length < buffer.Length && await stream.ReadAsync(buffer.AsMemory(length), cancellationToken) is > 0 and var read) length += read;
        return Encoding.UTF8.GetString(buffer, 0, Math.Min(length, 2000));
    }

    // What is broken may be waited for by the server: it is left after a time, which must hurt nobody.
    private async Task<FuzzAnswer> SendRawAsync(FuzzCall call)
    {
        using var client = new TcpClient { NoDelay = true };
        using var limit = new CancellationTokenSource(Patience);
        await client.ConnectAsync(rest.Host, rest.Port, limit.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(call.Body!, limit.Token);
        limit.CancelAfter(StreamTime);
        var buffer = new byte[4096];
        var length = 0;
        try
        {
            while (length < 13 && await stream.ReadAsync(buffer.AsMemory(length), limit.Token) is > 0 and var read) length += read;
        }
        catch (OperationCanceledException)
        {
            return new(FuzzAnswer.Left, "");
        }
        var text = Encoding.Latin1.GetString(buffer, 0, length);
        return text.Split(' ') is [_, { Length: >= 3 } status, ..] && int.TryParse(status[..3], out var code) ? new(code, text) : new(FuzzAnswer.Closed, text);
    }
}
