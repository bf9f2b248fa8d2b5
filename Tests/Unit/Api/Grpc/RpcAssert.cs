using Google.Protobuf;
using Grpc.Core;

namespace InferMesh.Tests.Unit.Api.Grpc;

/// <summary>Looks into the errors of calls.</summary>
internal static class RpcAssert
{
    public static async Task<Google.Rpc.Status> FailsAsync(StatusCode code, Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        Assert.AreEqual(code, e.StatusCode, e.Status.Detail);
        return e.GetRpcStatus() ?? new Google.Rpc.Status();
    }

    public static Task<Google.Rpc.Status> FailsAsync<T>(StatusCode code, AsyncUnaryCall<T> call) => FailsAsync(code, () => call.ResponseAsync);

    public static string[] Fields(Google.Rpc.Status status) => [.. Detail<Google.Rpc.BadRequest>(status).FieldViolations.Select(v => v.Field)];

    public static T Detail<T>(Google.Rpc.Status status) where T : class, IMessage<T>, new() => status.GetDetail<T>() ?? throw new AssertFailedException($"{typeof(T).Name} is not among the details.");
}
