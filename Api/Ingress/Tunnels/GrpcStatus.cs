using System.Globalization;
using System.Text;
using Grpc.Core;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>The end of a gRPC call on the wire: its status and message, among the headers when nothing was sent before, else as trailers.</summary>
internal static class GrpcStatus
{
    public const string ContentType = "application/grpc";
    public const string Code = "grpc-status";
    public const string Message = "grpc-message";

    /// <summary>Ends the call.</summary>
    public static void End(HttpContext context, StatusCode code, string message)
    {
        var (status, text) = (((int)code).ToString(CultureInfo.InvariantCulture), Escape(message));
        if (context.Response.HasStarted)
        {
            context.Response.AppendTrailer(Code, status);
            context.Response.AppendTrailer(Message, text);
            return;
        }
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = ContentType;
        context.Response.Headers[Code] = status;
        context.Response.Headers[Message] = text;
    }

    /// <summary>What a status of HTTP is to a gRPC client.</summary>
    public static StatusCode OfHttp(int status) => status switch
    {
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        413 or 429 => StatusCode.ResourceExhausted,
        502 or 503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        >= 500 => StatusCode.Internal,
        _ => StatusCode.InvalidArgument,
    };

    /// <summary>The status of HTTP that says the same; 500 for what only a node's own fault explains.</summary>
    public static int ToHttp(string? code) => code switch
    {
        "0" => 200,
        "3" or "9" or "11" => 400,
        "5" => 404,
        "7" => 403,
        "8" => 429,
        "14" => 503,
        "16" => 401,
        _ => 500,
    };

    /// <summary>Everything but printable ASCII in percents, as the protocol wants it.</summary>
    private static string Escape(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%') text.Append((char)b);
            else text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return text.ToString();
    }
}
