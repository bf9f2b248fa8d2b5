using InferMesh.Api.Ingress.Tenancy;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Tests.Unit.Api.Fakes;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using InferMesh.Tests.Unit.Grains;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Api.Ingress.Tenancy;

[TestClass]
public sealed class TenantCallsTests
{
    private static readonly TenantRequest Request = new() { Tenant = "t", Model = "m" };

    [TestMethod]
    public async Task Reservation_WhileItRuns_IsRenewed()
    {
        var (time, gate) = (new ManualTime(), new FakeGate());
        using var calls = new TenantCalls(new FakeGrains().Add<ITenantGateGrain>(_ => gate), time, NullLogger<TenantCalls>.Instance);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.IsEmpty(gate.Renewed);
        var verdict = await calls.ReserveAsync(Request, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(15));
        time.Advance(TimeSpan.FromSeconds(15));
        CollectionAssert.AreEqual(new[] { "r-1", "r-1" }, gate.Renewed.ToArray());
        await calls.SettleAsync(new(verdict.Id, Request, 1, 1));
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.HasCount(2, gate.Renewed);
    }
}
