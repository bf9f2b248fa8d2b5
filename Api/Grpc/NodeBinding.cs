using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;

namespace InferMesh.Api.Grpc;

/// <summary>An agent whose identity names a node speaks for that node and no other, in whatever call of the state plane, each message of a stream included.</summary>
internal sealed class NodeBinding : Interceptor
{
    private const string NodeField = "node_id";

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (BoundTo(context) is { } node) Check(request, node);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (BoundTo(context) is { } node) Check(request, node);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(BoundTo(context) is { } node ? new CheckedStream<TRequest>(requestStream, node) : requestStream, responseStream, context);

    private static string? BoundTo(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var isReport = http.GetEndpoint()?.Metadata.GetMetadata<NeedsAttribute>()?.Permission == Permission.NodesReport;
        return isReport && http.Caller().NodeId is { Length: > 0 } node ? node : null;
    }

    /// <summary>A message that names no node is refused as well: nobody knows whom it is about.</summary>
    private static void Check<TRequest>(TRequest request, string node)
    {
        if (request is IMessage message && message.Descriptor.FindFieldByName(NodeField)?.Accessor.GetValue(message) is string named && named == node) return;
        throw RpcErrors.Refused(StatusCodes.Status403Forbidden, $"The caller speaks for node {node} only.");
    }

    private sealed class CheckedStream<TRequest>(IAsyncStreamReader<TRequest> inner, string node) : IAsyncStreamReader<TRequest>
    {
        public TRequest Current => inner.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await inner.MoveNext(cancellationToken)) return false;
            Check(inner.Current, node);
            return true;
        }
    }
}
