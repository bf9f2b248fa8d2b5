using Grpc.Core;
using Grpc.Core.Interceptors;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security;
using ControlPlane = InferMesh.Control.V1.ControlPlane;
using JobPlane = InferMesh.Jobs.V1.JobPlane;
using StatePlane = InferMesh.State.V1.StatePlane;

namespace InferMesh.Api.Grpc;

/// <summary>Asks the guard before every call that changes the mesh or its picture of the nodes.</summary>
internal sealed class MutationInterceptor(IMutationGuard guard) : Interceptor
{
    // Named are the calls that only read: one that is added later is guarded until somebody decides otherwise.
    private static readonly (string Prefix, string[] Reads)[] Services =
    [
        ($"/{ControlPlane.Descriptor.FullName}/", ["Get", "List", "Subscribe"]),
        // To watch assignments is to take orders: that is for agents.
        ($"/{StatePlane.Descriptor.FullName}/", ["Get", "List"]),
        ($"/{JobPlane.Descriptor.FullName}/", ["Get", "List", "Watch", "Explain"]),
    ];

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    internal static bool Mutates(string method) =>
        Services.FirstOrDefault(service => method.StartsWith(service.Prefix, StringComparison.Ordinal)) is { Prefix: not null } service
        && !service.Reads.Any(read => method.AsSpan(service.Prefix.Length).StartsWith(read, StringComparison.Ordinal));

    private void Check(ServerCallContext context)
    {
        if (Mutates(context.Method) && !guard.Allowed(context.GetHttpContext(), out var problem))
            throw RpcErrors.Refused(problem.Status ?? StatusCodes.Status403Forbidden, problem.Detail ?? problem.Title ?? "Not allowed.");
    }
}
