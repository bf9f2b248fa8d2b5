using Grpc.Core;
using Grpc.Core.Interceptors;
using InferMesh.Api.Calls;

namespace InferMesh.Api.Grpc.Errors;

/// <summary>Gives every failure a code that says whose it is: nothing reaches a caller as UNKNOWN.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        UnreadableCalls.WasRead(context);
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException || IsUnreadable(e))
        {
            throw Translate(e, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        UnreadableCalls.WasRead(context);
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception e) when (e is not RpcException || IsUnreadable(e))
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        UnreadableCalls.WasRead(context);
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException || IsUnreadable(e))
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        UnreadableCalls.WasRead(context);
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException || IsUnreadable(e))
        {
            throw Translate(e, context);
        }
    }

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested) return new(new Status(StatusCode.Cancelled, "The caller went away."));
        if (IsUnreadable(e)) return UnreadableCalls.Error();
        if (e is MeshUnavailableException) return RpcErrors.Unavailable(e.Message);
        if (GrainCalls.IsTransient(e)) return RpcErrors.Unavailable("The cluster did not answer in time; the call may be repeated.");
        Failed(e, context.Method);
        return RpcErrors.Internal();
    }

    // A message of a stream is read while the call runs: broken ones, lengths and flags that lie. The framework's own errors have no details, ours have.
    private static bool IsUnreadable(Exception e) => e is IOException or InvalidDataException or RpcException { StatusCode: StatusCode.Internal, Trailers.Count: 0 };

    [LoggerMessage(LogLevel.Error, "gRPC call {Method} failed")]
    private partial void Failed(Exception exception, string method);
}
