using Google.Protobuf.WellKnownTypes;
using InferMesh.Grains.Abstractions.Endpoints;
using Domain = InferMesh.Grains.Abstractions.Endpoints;
using Proto = InferMesh.Control.V1;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Endpoints on the wire; of keys only what may be shown.</summary>
internal static class EndpointMapper
{
    public static EndpointSpec ToDomain(Proto.Endpoint endpoint) => new()
    {
        Models = [.. endpoint.Models.Select(m => new Domain.EndpointModel(m.Model, m.HasWeight ? m.Weight : 1))],
        Aliases = [.. endpoint.Aliases],
        SloClass = endpoint.SloClass,
        Placement = endpoint.Placement is { } placement ? PolicyMapper.ToDomain(placement) : null,
        Routing = endpoint.Routing is { } routing ? PolicyMapper.ToDomain(routing) : null,
        Hedging = endpoint.Hedging is { } hedging ? PolicyMapper.ToDomain(hedging) : null,
        Auth = endpoint.Auth is { } auth ? new() { Keys = [.. auth.Keys], AllowedTenants = [.. auth.AllowedTenants], RequireTenant = auth.RequireTenant } : null,
        Description = endpoint.Description,
        Enabled = !endpoint.HasEnabled || endpoint.Enabled,
    };

    public static Proto.Endpoint ToProto(MeshEndpoint endpoint)
    {
        var spec = endpoint.Spec;
        var proto = new Proto.Endpoint
        {
            Name = endpoint.Name,
            Version = endpoint.Version,
            Description = spec.Description,
            Models = { spec.Models.Select(m => new Proto.EndpointModel { Model = m.Model, Weight = m.Weight }) },
            Aliases = { spec.Aliases },
            SloClass = spec.SloClass,
            Enabled = spec.Enabled,
            ChangedAt = Timestamp.FromDateTimeOffset(endpoint.ChangedAt),
            ChangedBy = endpoint.ChangedBy,
        };
        if (spec.Placement is { } placement) proto.Placement = PolicyMapper.ToProto(placement);
        if (spec.Routing is { } routing) proto.Routing = PolicyMapper.ToProto(routing);
        if (spec.Hedging is { } hedging) proto.Hedging = PolicyMapper.ToProto(hedging);
        if (spec.Auth?.Shown() is { } auth) proto.Auth = new() { Keys = { auth.Keys }, AllowedTenants = { auth.AllowedTenants }, RequireTenant = auth.RequireTenant };
        return proto;
    }
}
