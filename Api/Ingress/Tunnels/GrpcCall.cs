using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>One gRPC call on its way to one target after the other.</summary>
internal sealed class GrpcCall(
    TunnelClient client, TunnelExchange exchange, HttpContext context, ReadOnlyMemory<byte> first, string requestId, TimeSpan? deadline, IdleLimit idle)
{
    private const int FirstReadBytes = 16 * 1024;

    private readonly bool _isStream = GrpcTunnel.IsStream(context);

    /// <summary>Carries the call to one target.</summary>
    public async Task<AttemptResult> AttemptAsync(RouteTarget target)
    {
        if (GrpcAddress.Of(target) is not { } address) return new(AttemptEnd.Failed, "no_grpc_endpoint");
        if (!RuntimeUrl.TryBuild(address, context.Request.Path, "", out var url)) return new(AttemptEnd.Failed, "bad_endpoint");
        var rest = _isStream ? new GrpcRequestContent(first, context.Request.BodyReader, idle) : null;
        using var request = TunnelClient.Request(context, HttpMethod.Post, url, HttpVersion.Version20, rest ?? (HttpContent)new ReadOnlyMemoryContent(first), requestId);
        request.Headers.TE.ParseAdd("trailers");
        if (deadline is { } given)
        {
            request.Headers.Remove(GrpcDeadline.Header);
            request.Headers.TryAddWithoutValidation(GrpcDeadline.Header, GrpcDeadline.Write(given - exchange.Elapsed));
        }
        try
        {
            using var response = await client.SendAsync(request, idle.Token);
            return await RelayAsync(response, rest);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return Failed(TunnelClient.Reason(e), rest);
        }
        finally
        {
            if (rest is not null) await rest.StopAsync();
        }
    }

    private async Task<AttemptResult> RelayAsync(HttpResponseMessage response, GrpcRequestContent? rest)
    {
        if (response.StatusCode != HttpStatusCode.OK) return Failed($"status_{(int)response.StatusCode}", rest, (int)response.StatusCode);
        var writer = context.Response.BodyWriter;
        await using var stream = await response.Content.ReadAsStreamAsync(idle.Token);
        var code = Text(response.Headers, GrpcStatus.Code);
        // A stream's client may wait for the headers before it says more; else the first bytes decide whether another target is asked.
        var start = code is null && !_isStream ? new byte[FirstReadBytes] : [];
        var length = start.Length > 0 ? await stream.ReadAsync(start, idle.Token) : -1;
        if (length == 0) code = Text(response.TrailingHeaders, GrpcStatus.Code);
        // The node did not take the call on: nothing is lost by asking another one.
        if (GrpcStatus.ToHttp(code) is (429 or 503) and var refused && rest is not { TookMore: true }) return Failed($"grpc_{code}", rest, refused);

        client.CopyHead(response, context.Response);
        exchange.Stamp();
        await context.Response.StartAsync(idle.Token);
        if (length > 0) writer.Write(start.AsSpan(0, length));
        while (length != 0)
        {
            if ((await writer.FlushAsync(idle.Token)).IsCompleted) return new(AttemptEnd.Cancelled, "client_gone");
            length = await stream.ReadAsync(writer.GetMemory(), idle.Token);
            writer.Advance(length);
            idle.Touch();
        }
        foreach (var (name, values) in response.TrailingHeaders.NonValidated) context.Response.AppendTrailer(name, values.ToString());
        code ??= Text(response.TrailingHeaders, GrpcStatus.Code);
        return code is null ? Failed("reset", rest) : new(AttemptEnd.Delivered, "", GrpcStatus.ToHttp(code));
    }

    private AttemptResult Failed(string reason, GrpcRequestContent? rest, int status = 0)
    {
        if (context.RequestAborted.IsCancellationRequested) return new(AttemptEnd.Cancelled, "client_gone");
        if (idle.Token.IsCancellationRequested)
        {
            if (context.Response.HasStarted) GrpcStatus.End(context, StatusCode.DeadlineExceeded, "The call took longer than its limit.");
            return new(AttemptEnd.TimedOut, "timeout");
        }
        if (!context.Response.HasStarted && rest is not { TookMore: true }) return new(AttemptEnd.Failed, reason, status);
        GrpcStatus.End(context, StatusCode.Unavailable, "The node's answer broke off; another call may succeed.");
        return new(AttemptEnd.Broken, reason);
    }

    private static string? Text(HttpResponseHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
