using Grpc.Core;
using InferMesh.Api.Ingress.Protocols;
using InferMesh.Inference;
using Microsoft.AspNetCore.Authorization;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>The calls of inference.GRPCInferenceService about the server: here the server is the mesh.</summary>
internal sealed class InferenceService(KServeServer server) : GRPCInferenceService.GRPCInferenceServiceBase
{
    [AllowAnonymous]
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(new ServerLiveResponse { Live = true });

    [AllowAnonymous]
    public override async Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        new() { Ready = await server.IsReadyAsync(context.CancellationToken) };

    [AllowAnonymous]
    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse { Name = KServeServer.Name, Version = KServeServer.Version, Extensions = { KServeServer.Extensions } });
}
