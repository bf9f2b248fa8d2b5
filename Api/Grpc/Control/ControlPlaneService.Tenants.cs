using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using Tenant = InferMesh.Control.V1.Tenant;
using TenantUsage = InferMesh.Control.V1.TenantUsage;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    [Needs(Permission.TenantsWrite)]
    public override async Task<Tenant> SetTenant(SetTenantRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        if (request.Tenant is null) violations.Add("tenant", "is required.");
        else violations.Name("tenant.name", request.Tenant.Name);
        CheckVersion(violations, request.HasExpectedVersion, request.ExpectedVersion);
        violations.ThrowIfAny();

        var (name, spec) = (request.Tenant!.Name, TenantMapper.ToDomain(request.Tenant));
        var expected = request.HasExpectedVersion ? request.ExpectedVersion : PolicyVersions.Any;
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<ITenantGrain>(name).Put(spec, expected, actor), context.CancellationToken);
        return TenantMapper.ToProto(Accepted(result, name));
    }

    [Needs(Permission.TenantsRead)]
    public override async Task<Tenant> GetTenant(GetTenantRequest request, ServerCallContext context)
    {
        CheckName("name", request.Name);
        var tenant = await own.TenantAsync(context.GetHttpContext().Caller(), request.Name, context.CancellationToken);
        return TenantMapper.ToProto(tenant ?? throw RpcErrors.NotFound("tenant", request.Name));
    }

    [Needs(Permission.TenantsWrite)]
    public override async Task<DeleteTenantResponse> DeleteTenant(DeleteTenantRequest request, ServerCallContext context)
    {
        var expected = CheckDelete(request.Name, request.HasExpectedVersion, request.ExpectedVersion);
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<ITenantGrain>(request.Name).Delete(expected, actor), context.CancellationToken);
        return new DeleteTenantResponse { Version = Accepted(result, request.Name).Version };
    }

    [Needs(Permission.TenantsRead)]
    public override async Task<ListTenantsResponse> ListTenants(ListTenantsRequest request, ServerCallContext context) =>
        new() { Tenants = { (await own.TenantsAsync(context.GetHttpContext().Caller(), context.CancellationToken)).Select(TenantMapper.ToProto) } };

    [Needs(Permission.TenantsRead)]
    public override async Task<TenantUsage> GetTenantUsage(GetTenantUsageRequest request, ServerCallContext context)
    {
        CheckName("name", request.Name);
        var usage = await own.UsageAsync(context.GetHttpContext().Caller(), request.Name, context.CancellationToken);
        return TenantMapper.ToProto(usage ?? throw RpcErrors.NotFound("tenant", request.Name));
    }

    private static InferMesh.Grains.Abstractions.Tenancy.Tenant Accepted(TenantResult result, string name)
    {
        if (result is { Status: TenantStatus.Accepted, Tenant: { } tenant }) return tenant;
        if (result.Status == TenantStatus.Conflict) throw RpcErrors.Conflict("tenant", name, result.CurrentVersion);
        var violations = new Violations();
        violations.Add(result.Errors, "tenant.");
        violations.ThrowIfAny();
        throw RpcErrors.NotFound("tenant", name);
    }
}
