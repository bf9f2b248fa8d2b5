using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using InferMesh.Control.V1;
using Domain = InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    private const int DefaultOverlapSeconds = 3600;

    [Needs(Permission.KeysWrite)]
    public override async Task<NewApiKey> CreateKey(CreateKeyRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(request.ExpiresAt is null || Jobs.JobSpecMapper.IsTime(request.ExpiresAt), "expires_at", "must be a time.");
        violations.ThrowIfAny();
        var asked = new KeyRequest(request.Name, request.Roles, request.Tenant, request.Project, request.NodeId, request.ExpiresAt?.ToDateTimeOffset());
        return Made(await keys.CreateAsync(context.GetHttpContext().Caller(), context.Actor(), asked, context.CancellationToken), "");
    }

    [Needs(Permission.KeysRead)]
    public override async Task<ApiKey> GetKey(GetKeyRequest request, ServerCallContext context) =>
        await keys.FindAsync(context.GetHttpContext().Caller(), request.Prefix, context.CancellationToken) is { } key ? ToProto(key) : throw RpcErrors.NotFound("key", request.Prefix);

    [Needs(Permission.KeysRead)]
    public override async Task<ListKeysResponse> ListKeys(ListKeysRequest request, ServerCallContext context) =>
        new() { Keys = { (await keys.ListAsync(context.GetHttpContext().Caller(), context.CancellationToken)).Select(ToProto) } };

    [Needs(Permission.KeysWrite)]
    public override async Task<NewApiKey> RotateKey(RotateKeyRequest request, ServerCallContext context)
    {
        var seconds = request.HasOverlapSeconds ? request.OverlapSeconds : DefaultOverlapSeconds;
        var violations = new Violations();
        violations.Require(seconds >= 0 && seconds <= KeyAdmin.MaxOverlap.TotalSeconds, "overlap_seconds", $"must be 0 to {KeyAdmin.MaxOverlap.TotalSeconds:0}.");
        violations.ThrowIfAny();
        return Made(await keys.RotateAsync(context.GetHttpContext().Caller(), context.Actor(), request.Prefix, TimeSpan.FromSeconds(seconds), context.CancellationToken), request.Prefix);
    }

    [Needs(Permission.KeysWrite)]
    public override async Task<RevokeKeyResponse> RevokeKey(RevokeKeyRequest request, ServerCallContext context) =>
        (await keys.RevokeAsync(context.GetHttpContext().Caller(), context.Actor(), request.Prefix, context.CancellationToken)).Key is null ? throw RpcErrors.NotFound("key", request.Prefix) : new();

    private static NewApiKey Made(KeyOutcome outcome, string prefix)
    {
        if (outcome.Refusal is { } refusal) throw RpcErrors.Refused(StatusCodes.Status403Forbidden, refusal);
        var violations = new Violations();
        violations.Add(outcome.Errors ?? []);
        violations.ThrowIfAny();
        return outcome is { Key: { } key, Text: { } text } ? new() { Info = ToProto(key), Key = text } : throw RpcErrors.NotFound("key", prefix);
    }

    private static ApiKey ToProto(Domain.ApiKey key) => new()
    {
        Prefix = key.Prefix,
        Name = key.Name,
        Roles = { key.Roles },
        Tenant = key.Tenant,
        Project = key.Project,
        NodeId = key.NodeId,
        ExpiresAt = key.ExpiresAt is { } expires ? Timestamp.FromDateTimeOffset(expires) : null,
        CreatedAt = Timestamp.FromDateTimeOffset(key.CreatedAt),
        CreatedBy = key.CreatedBy,
        RotatedAt = key.RotatedAt is { } rotated ? Timestamp.FromDateTimeOffset(rotated) : null,
        PreviousUntil = key.PreviousHash.Length > 0 ? Timestamp.FromDateTimeOffset(key.PreviousUntil) : null,
    };
}
