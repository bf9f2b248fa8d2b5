using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.AspNetCore.Http.Features;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>
/// Carries WebSockets. The handshake is forwarded, and after it the bytes of both sides as they are, so that frames, pings, sub-protocols, extensions and close codes are the
/// runtime's and the client's own. Another target is tried until one has agreed to the handshake. A client may come over HTTP/1.1 or over a stream of HTTP/2 (RFC 8441).
/// </summary>
internal sealed class WebSocketTunnel(TunnelClient client, ExchangeParts parts) : ITunnel
{
    // A runtime agrees to a conversation at once, or not at all.
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Whether the request is the handshake of a WebSocket.</summary>
    public static bool IsHandshake(HttpContext context) => IsExtendedConnect(context)
        || (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } && "websocket".Equals(context.Request.Headers.Upgrade, StringComparison.OrdinalIgnoreCase));

    public Task<string> RunAsync(HttpContext context, ReadOnlyMemory<byte> body, RouteQuery query, IngressSettings settings)
    {
        var exchange = new TunnelExchange(context, query, settings, parts);
        return exchange.RunAsync(target => AttemptAsync(exchange, context, target, query.RequestId, settings.StreamIdleTimeout), context.RequestAborted);
    }

    private async Task<AttemptResult> AttemptAsync(TunnelExchange exchange, HttpContext context, RouteTarget target, string requestId, TimeSpan idle)
    {
        if (!RuntimeUrl.TryBuild(target.Endpoint, context.Request.Path, context.Request.QueryString.Value ?? "", out var url)) return new(AttemptEnd.Failed, "bad_endpoint");
        using var request = Handshake(context, url, requestId);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(HandshakeTimeout);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return context.RequestAborted.IsCancellationRequested ? new(AttemptEnd.Cancelled, "client_gone") : new(AttemptEnd.Failed, TunnelClient.Reason(e));
        }
        using (response)
        {
            var status = (int)response.StatusCode;
            if (status is 429 or 502 or 503 or 504) return new(AttemptEnd.Failed, $"status_{status}", status, response.Headers.RetryAfter?.Delta);
            client.CopyHead(response, context.Response);
            exchange.Stamp();
            return response.StatusCode == HttpStatusCode.SwitchingProtocols ? await JoinAsync(context, response, idle) : await RelayAsync(context, response);
        }
    }

    /// <summary>The handshake as the client sent it; one over HTTP/2 has no key, so it gets one.</summary>
    private static HttpRequestMessage Handshake(HttpContext context, Uri url, string requestId)
    {
        var request = TunnelClient.Request(context, HttpMethod.Get, url, HttpVersion.Version11, null, requestId);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        if (IsExtendedConnect(context))
        {
            request.Headers.Remove("Sec-WebSocket-Key");
            request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
        }
        return request;
    }

    private static async Task<AttemptResult> JoinAsync(HttpContext context, HttpResponseMessage response, TimeSpan idle)
    {
        using var limit = new IdleLimit(idle, context.RequestAborted);
        await using var runtime = await response.Content.ReadAsStreamAsync(limit.Token);
        await using var caller = await AcceptAsync(context);
        var (up, down) = (CopyAsync(caller, runtime, limit), CopyAsync(runtime, caller, limit));
        var first = await Task.WhenAny(up, down);
        var isIdle = limit.Token.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested;
        limit.End();
        await Task.WhenAll(up, down);

        var (isUp, end) = (first == up, await first);
        if (isIdle)
        {
            context.Abort();
            return new(AttemptEnd.TimedOut, "idle", (int)response.StatusCode);
        }
        if (end) return new(AttemptEnd.Delivered, "", (int)response.StatusCode);
        context.Abort();
        return isUp ? new(AttemptEnd.Cancelled, "client_gone") : new(AttemptEnd.Broken, "reset");
    }

    /// <summary>The runtime said no: its answer is the client's.</summary>
    private static async Task<AttemptResult> RelayAsync(HttpContext context, HttpResponseMessage response)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        try
        {
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            return new(AttemptEnd.Delivered, "", (int)response.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            context.Abort();
            return new(context.RequestAborted.IsCancellationRequested ? AttemptEnd.Cancelled : AttemptEnd.Broken, "reset");
        }
    }

    private static async Task<Stream> AcceptAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            context.Response.Headers.Remove("Sec-WebSocket-Accept");
            return await connect.AcceptAsync();
        }
        context.Response.Headers.Upgrade = "websocket";
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>True when the side that is read came to its end, false when a connection broke or the limit ended it.</summary>
    private static async Task<bool> CopyAsync(Stream from, Stream to, IdleLimit limit)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, limit.Token) is var length and > 0)
            {
                limit.Touch();
                await to.WriteAsync(buffer.AsMemory(0, length), limit.Token);
                await to.FlushAsync(limit.Token);
            }
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static bool IsExtendedConnect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: var protocol } && "websocket".Equals(protocol, StringComparison.OrdinalIgnoreCase);
}
