using System.Buffers;
using System.Text.Json;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Tunnels;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>The Open Inference Protocol over gRPC: the first message names the model, errors are a status.</summary>
internal sealed class GrpcProtocol(GrpcTunnel tunnel) : IngressProtocol
{
    public override ITunnel? Tunnel => tunnel;

    public override async ValueTask<RequestReading> ReadAsync(HttpContext context, int maxBytes)
    {
        if (!IsGrpc(context))
            return RequestReading.Refused(new(StatusCodes.Status415UnsupportedMediaType, "Call this with gRPC over HTTP/2: Content-Type: application/grpc.", "invalid_request_error", null, "unsupported_media_type"));
        if (!GrpcTunnel.IsStream(context)) return await base.ReadAsync(context, maxBytes);
        // A conversation has no size and no pace; its silence has a limit elsewhere.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        return await ReadFirstAsync(context, maxBytes) is { } first ? await InspectAsync(context, first) : RequestReading.Refused(OpenAiError.TooLarge(maxBytes));
    }

    public override Task WriteErrorAsync(HttpContext context, OpenAiError error)
    {
        if (!IsGrpc(context)) return base.WriteErrorAsync(context, error);
        GrpcStatus.End(context, GrpcStatus.OfHttp(error.Status), error.Message);
        return Task.CompletedTask;
    }

    protected override ValueTask<RequestReading> InspectAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (GrpcFrame.LengthOf(body.Span) != body.Length) return Refuse("The call must have one message, whole.", null, "invalid_message");
        var encoding = context.Request.Headers["grpc-encoding"].ToString();
        return GrpcFrame.ModelOf(body, encoding) switch
        {
            null => Refuse($"The message cannot be read: it is no protobuf, or compressed in another way than gzip and deflate{(encoding.Length > 0 ? $" (grpc-encoding: {encoding})" : "")}.", null, "invalid_message"),
            "" => Refuse("The model's name, field 1 of the message, is required.", "model_name", "missing_required_parameter"),
            { Length: > RequestHeaders.MaxTextLength } => Refuse($"The model's name must have at most {RequestHeaders.MaxTextLength} characters.", "model_name", "invalid_value"),
            var model => ValueTask.FromResult(new RequestReading(body, InferenceRequest.Unread(model) with { Stream = GrpcTunnel.IsStream(context) })),
        };
    }

    protected override void WriteFields(Utf8JsonWriter json, OpenAiError error) => json.WriteString("error", error.Message);

    private static ValueTask<RequestReading> Refuse(string message, string? param, string code) =>
        ValueTask.FromResult(RequestReading.Refused(OpenAiError.BadRequest(new(message, param, code))));

    private static bool IsGrpc(HttpContext context) =>
        context.Request.ContentType is { } type && type.StartsWith(GrpcStatus.ContentType, StringComparison.OrdinalIgnoreCase) && HttpProtocol.IsHttp2(context.Request.Protocol);

    /// <summary>The first message of a stream; what there is of it when the stream ends before, null when it is larger than <paramref name="maxBytes"/>.</summary>
    private static async ValueTask<byte[]?> ReadFirstAsync(HttpContext context, int maxBytes)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var buffer = read.Buffer;
            var length = GrpcFrame.LengthOf(buffer.Slice(0, Math.Min(buffer.Length, GrpcFrame.HeadBytes)).ToArray());
            if (length > maxBytes) return null;
            var isWhole = length >= 0 && buffer.Length >= length;
            if (!isWhole && !read.IsCompleted)
            {
                reader.AdvanceTo(buffer.Start, buffer.End);
                continue;
            }
            var first = isWhole ? buffer.Slice(0, length) : buffer;
            var frame = first.ToArray();
            reader.AdvanceTo(first.End);
            return frame;
        }
    }
}
