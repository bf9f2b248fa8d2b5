extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlaneTenantsTests
{
    [TestMethod]
    public async Task SetTenant_EveryField_ComesBackAsWritten()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        var tenant = new Tenant
        {
            Name = "acme",
            Description = "d",
            Limits = new() { RequestsPerSecond = 1.5, Burst = 3, ConcurrentRequests = 0, TokensPerMinute = 10, TokensPerDay = 100, MoneyPerDay = 2.5, TrainingGpus = 64 },
            Projects = { { "p", new() { TokensPerDay = 5 } } },
            Keys = { { "0123456789abcdef", new() } },
            Price = new() { PromptPer1000 = 0.1, OutputPer1000 = 0.2 },
            TrainingWeight = 2.5,
            ModelPrices = { { "m*", new() { PromptPer1000 = 1 } } },
        };
        var written = await client.SetTenantAsync(new() { Tenant = tenant, ExpectedVersion = 0 });
        Assert.AreEqual(written, await client.GetTenantAsync(new() { Name = "acme" }));
        var expected = tenant.Clone();
        (expected.Version, expected.ChangedAt, expected.ChangedBy) = (1, written.ChangedAt, written.ChangedBy);
        Assert.AreEqual(expected, written);
        Assert.AreEqual("acme", (await client.ListTenantsAsync(new())).Tenants.Single().Name);

        var usage = await client.GetTenantUsageAsync(new() { Name = "acme" });
        Assert.AreEqual((2L, 70L, 30L, 0.5), (usage.Total.InFlight, usage.Total.TokensToday, usage.Total.LeasedTokensPerDay, usage.Total.MoneyToday));
        Assert.AreEqual(tenant.Limits, usage.Total.Limits);
        Assert.AreEqual(7, usage.Projects["p"].TokensThisMinute);

        Assert.AreEqual(2, (await client.DeleteTenantAsync(new() { Name = "acme", ExpectedVersion = 1 })).Version);
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.DeleteTenantAsync(new() { Name = "acme" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetTenantAsync(new() { Name = "acme" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetTenantUsageAsync(new() { Name = "acme" }));
    }

    [TestMethod]
    public async Task SetTenant_WrongVersionOrBadContent_SaysSo()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        Assert.AreEqual(1, (await client.SetTenantAsync(new() { Tenant = new() { Name = "t" } })).TrainingWeight, "the usual weight");
        var conflict = await RpcAssert.FailsAsync(StatusCode.Aborted, client.SetTenantAsync(new() { Tenant = new() { Name = "t" }, ExpectedVersion = 0 }));
        Assert.AreEqual("1", RpcAssert.Detail<Google.Rpc.ErrorInfo>(conflict).Metadata["current_version"]);
        CollectionAssert.AreEquivalent(
            new[] { "tenant.name", "expected_version" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetTenantAsync(new() { Tenant = new(), ExpectedVersion = -1 }))));
        CollectionAssert.Contains(RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetTenantAsync(new()))), "tenant");

        api.Tenants.Tenant("t").Errors = [new FieldError("limits.tokensPerDay", "bad")];
        CollectionAssert.AreEqual(
            new[] { "tenant.limits.tokens_per_day" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.SetTenantAsync(new() { Tenant = new() { Name = "t" } }))));
    }
}
