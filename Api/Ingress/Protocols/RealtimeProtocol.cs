using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Tunnels;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>OpenAI's realtime API: a WebSocket whose address names the model.</summary>
internal sealed class RealtimeProtocol(WebSocketTunnel tunnel) : OpenAiProtocol
{
    public override ITunnel? Tunnel => tunnel;

    public override ValueTask<RequestReading> ReadAsync(HttpContext context, int maxBytes) => ValueTask.FromResult(Read(context));

    private static RequestReading Read(HttpContext context)
    {
        if (!WebSocketTunnel.IsHandshake(context))
        {
            context.Response.Headers.Upgrade = "websocket";
            return RequestReading.Refused(new(StatusCodes.Status426UpgradeRequired, "Open a WebSocket here.", "invalid_request_error", null, "upgrade_required"));
        }
        if (RequestHeaders.ReadModel(context, out var model) is { } bad) return RequestReading.Refused(OpenAiError.BadRequest(bad));
        return model.Length > 0
            ? new(default, InferenceRequest.Unread(model) with { Stream = true })
            : RequestReading.Refused(OpenAiError.BadRequest(new("The query parameter 'model' is required.", "model", "missing_required_parameter")));
    }
}
