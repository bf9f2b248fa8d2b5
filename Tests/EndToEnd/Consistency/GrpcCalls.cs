using Grpc.Core;
using Grpc.Net.Client;
using InferMesh.Control.V1;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>The calls as gRPC, which has no rollback.</summary>
internal sealed class GrpcCalls(GrpcChannel channel, int api) : ObjectCalls($"grpc {api}")
{
    private readonly ControlPlane.ControlPlaneClient _control = new(channel);

    public override bool Has(OperationKind kind) => kind != OperationKind.Rollback;

    public override async Task<Operation> CallAsync(Operation operation)
    {
        try
        {
            var name = operation.Key[(operation.Key.IndexOf('/', StringComparison.Ordinal) + 1)..];
            var options = new CallOptions([new(ActorHeader, operation.Tag)], DateTime.UtcNow + Limit);
            var (version, content) = operation.Key.StartsWith(Policies, StringComparison.Ordinal) ? await PolicyAsync(name, operation, options) : await TenantAsync(name, operation, options);
            return operation with { Outcome = Outcome.Ok, Version = version, Content = content, Detail = "OK" };
        }
        catch (RpcException e)
        {
            return Failed(operation, e.StatusCode, e.Status.Detail);
        }
    }

    private async Task<(long? Version, string? Content)> PolicyAsync(string name, Operation operation, CallOptions options)
    {
        switch (operation.Kind)
        {
            case OperationKind.Read:
                var read = await _control.GetPolicyAsync(new() { Name = name }, options);
                return (read.Version, read.Description);
            case OperationKind.Delete:
                await _control.DeletePolicyAsync(new() { Name = name, ExpectedVersion = operation.Expected!.Value }, options);
                return (operation.Expected + 1, null);
            default:
                var policy = new Policy { Name = name, Description = operation.Tag, Models = { "nobodys-model" }, Quota = new() { MaxConcurrentRequests = 1 + (int)(operation.Id % 100) } };
                var set = new SetPolicyRequest { Policy = policy };
                if (operation.Expected is { } expected) set.ExpectedVersion = expected;
                var written = await _control.SetPolicyAsync(set, options);
                return (written.Version, written.Description);
        }
    }

    private async Task<(long? Version, string? Content)> TenantAsync(string name, Operation operation, CallOptions options)
    {
        switch (operation.Kind)
        {
            case OperationKind.Read:
                var read = await _control.GetTenantAsync(new() { Name = name }, options);
                return (read.Version, read.Description);
            case OperationKind.Delete:
                await _control.DeleteTenantAsync(new() { Name = name, ExpectedVersion = operation.Expected!.Value }, options);
                return (operation.Expected + 1, null);
            default:
                var set = new SetTenantRequest { Tenant = new() { Name = name, Description = operation.Tag, Limits = new() { TokensPerDay = operation.Id } } };
                if (operation.Expected is { } expected) set.ExpectedVersion = expected;
                var written = await _control.SetTenantAsync(set, options);
                return (written.Version, written.Description);
        }
    }

    private static Operation Failed(Operation operation, StatusCode status, string detail) => status switch
    {
        StatusCode.NotFound when operation.Kind == OperationKind.Read => operation with { Outcome = Outcome.Ok, Version = Operation.None, Detail = "NotFound" },
        StatusCode.NotFound or StatusCode.Aborted or StatusCode.FailedPrecondition or StatusCode.AlreadyExists => operation with { Outcome = Outcome.Refused, Detail = $"{status}" },
        StatusCode.InvalidArgument => operation with { Outcome = Outcome.Refused, Detail = $"{status} {detail}" },
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => operation with { Outcome = Outcome.Unknown, Detail = $"{status}" },
        _ => operation with { Outcome = Outcome.Unknown, Detail = $"{status} {detail}" },
    };
}
