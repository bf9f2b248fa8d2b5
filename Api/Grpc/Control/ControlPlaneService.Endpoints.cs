using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Policies;
using Endpoint = InferMesh.Control.V1.Endpoint;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    [Needs(Permission.EndpointsWrite)]
    public override async Task<Endpoint> SetEndpoint(SetEndpointRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        if (request.Endpoint is null) violations.Add("endpoint", "is required.");
        else violations.Name("endpoint.name", request.Endpoint.Name);
        CheckVersion(violations, request.HasExpectedVersion, request.ExpectedVersion);
        violations.ThrowIfAny();

        var (name, spec) = (request.Endpoint!.Name, EndpointMapper.ToDomain(request.Endpoint));
        var expected = request.HasExpectedVersion ? request.ExpectedVersion : PolicyVersions.Any;
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<IEndpointGrain>(name).Put(spec, expected, actor), context.CancellationToken);
        var written = Accepted(result, name).Endpoint!;
        await endpoints.FollowAsync(name, written.Version);
        return EndpointMapper.ToProto(written);
    }

    [Needs(Permission.EndpointsRead)]
    public override async Task<Endpoint> GetEndpoint(GetEndpointRequest request, ServerCallContext context)
    {
        CheckName("name", request.Name);
        var endpoint = await calls.RetryAsync(grains => grains.GetGrain<IEndpointGrain>(request.Name).Get(), context.CancellationToken);
        return EndpointMapper.ToProto(endpoint ?? throw RpcErrors.NotFound("endpoint", request.Name));
    }

    [Needs(Permission.EndpointsWrite)]
    public override async Task<DeleteEndpointResponse> DeleteEndpoint(DeleteEndpointRequest request, ServerCallContext context)
    {
        var expected = CheckDelete(request.Name, request.HasExpectedVersion, request.ExpectedVersion);
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<IEndpointGrain>(request.Name).Delete(expected, actor), context.CancellationToken);
        Accepted(result, request.Name);
        await endpoints.FollowAsync(request.Name, 0);
        // The grain answers what is current now, which is nothing: the deletion's own version is the newest of the history.
        var history = await calls.RetryAsync(grains => grains.GetGrain<IEndpointGrain>(request.Name).History(), context.CancellationToken);
        return new DeleteEndpointResponse { Version = history.FirstOrDefault(version => version.Deleted)?.Version ?? 0 };
    }

    [Needs(Permission.EndpointsRead)]
    public override async Task<ListEndpointsResponse> ListEndpoints(ListEndpointsRequest request, ServerCallContext context)
    {
        var listing = await calls.RetryAsync(grains => grains.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).List(), context.CancellationToken);
        return new ListEndpointsResponse { Endpoints = { listing.Endpoints.Select(EndpointMapper.ToProto) } };
    }

    /// <summary>The result of an accepted call.</summary>
    /// <exception cref="RpcException">The call was refused.</exception>
    private static EndpointResult Accepted(EndpointResult result, string name)
    {
        if (result.Status == PolicyStatus.Accepted) return result;
        if (result.Status == PolicyStatus.NotFound) throw RpcErrors.NotFound("endpoint", name);
        if (result.Status == PolicyStatus.Conflict && !result.NameTaken) throw RpcErrors.Conflict("endpoint", name, result.CurrentVersion);
        var violations = new Violations();
        violations.Add(result.Errors, "endpoint.");
        if (result.NameTaken) throw violations.Taken();
        violations.ThrowIfAny();
        return result;
    }
}
