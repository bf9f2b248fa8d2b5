using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>
/// Carries calls of inference.GRPCInferenceService over HTTP/2, frame by frame as they are. Status, trailers, deadline and cancellation are the node's and the client's own. Another
/// target is tried until something has reached the client, or until a stream's second message was taken from it.
/// </summary>
internal sealed class GrpcTunnel(TunnelClient client, ExchangeParts parts) : ITunnel
{
    /// <summary>Whether both sides of the call are streams.</summary>
    public static bool IsStream(HttpContext context) => context.Request.Path.Value!.EndsWith("/ModelStreamInfer", StringComparison.Ordinal);

    public async Task<string> RunAsync(HttpContext context, ReadOnlyMemory<byte> body, RouteQuery query, IngressSettings settings)
    {
        var deadline = GrpcDeadline.Read(context);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        if (deadline is { } given && given < TimeSpan.FromDays(1)) limit.CancelAfter(given);
        using var idle = new IdleLimit(IsStream(context) ? settings.StreamIdleTimeout : settings.RequestTimeout, limit.Token);
        var exchange = new TunnelExchange(context, query, settings, parts);
        var call = new GrpcCall(client, exchange, context, body, query.RequestId, deadline, idle);
        return await exchange.RunAsync(call.AttemptAsync, idle.Token);
    }
}
