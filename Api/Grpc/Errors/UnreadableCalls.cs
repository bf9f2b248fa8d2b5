using Grpc.AspNetCore.Server;
using Grpc.Core;
using InferMesh.Api.Ingress.Tunnels;

namespace InferMesh.Api.Grpc.Errors;

/// <summary>
/// Answers calls whose bytes are no message. The framework reads the message of a unary call before any interceptor runs, and says UNKNOWN or INTERNAL of one that it cannot read, as if the
/// failure were ours. What it logs of that as an error is switched off (appsettings.json): whoever calls could fill the log with it.
/// </summary>
internal static partial class UnreadableCalls
{
    private const string Text = "The message cannot be read: it is not one that this method takes.";
    private static readonly string Unknown = ((int)StatusCode.Unknown).ToString(System.Globalization.CultureInfo.InvariantCulture);
    private static readonly string Internal = ((int)StatusCode.Internal).ToString(System.Globalization.CultureInfo.InvariantCulture);
    private static readonly object Read = new();

    /// <summary>The caller's fault, in the words of all planes.</summary>
    public static RpcException Error() => new(new Status(StatusCode.InvalidArgument, Text));

    /// <summary>Notes that the first message of a call, where it has one, could be read.</summary>
    public static void WasRead(ServerCallContext context) => context.GetHttpContext().Items[Read] = true;

    public static void UseUnreadableCalls(this WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not { } method || context.Response.Headers[GrpcStatus.Code].ToString() is var code && code != Unknown && code != Internal) return;
        if (!context.Items.ContainsKey(Read)) GrpcStatus.End(context, StatusCode.InvalidArgument, Text);
        else if (code == Unknown) LogUnsent(app.Logger, method.Method.FullName);
    });

    [LoggerMessage(LogLevel.Error, "The answer of gRPC call {Method} could not be written")]
    private static partial void LogUnsent(ILogger logger, string method);
}
