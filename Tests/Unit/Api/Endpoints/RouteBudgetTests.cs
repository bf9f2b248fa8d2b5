using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Tests.Unit.Api.Endpoints;

/// <summary>Who forwards requests itself is within its tenant's budget as well.</summary>
[TestClass]
public sealed class RouteBudgetTests
{
    private const string Query = """{"model":"m","tenant":"acme","promptTokens":10,"outputTokens":5}""";

    [TestMethod]
    public async Task Route_LimitedTenant_IsChargedTheEstimate()
    {
        using var api = new ApiHost();
        await api.Mesh.Tenants.Tenant("acme").Put(new TenantSpec(), PolicyVersions.None, "test");
        (await api.PostAsync("/api/v1/route", Query)).AssertStatus(200);
        var settled = await api.Mesh.Tenants.Gate.SettledAsync();
        Assert.AreEqual(("acme", 10, 5), (settled.Request.Tenant, settled.PromptTokens, settled.OutputTokens));

        api.Mesh.Router.Decision = new() { Status = RouteStatus.ModelUnknown };
        (await api.PostAsync("/api/v1/route", Query)).AssertProblem(404);
        settled = await api.Mesh.Tenants.Gate.SettledAsync();
        Assert.AreEqual((0, 0), (settled.PromptTokens, settled.OutputTokens), "what goes nowhere costs nothing");
    }

    [TestMethod]
    public async Task Route_BudgetUsedUp_IsRefused()
    {
        using var api = new ApiHost();
        await api.Mesh.Tenants.Tenant("acme").Put(new TenantSpec(), PolicyVersions.None, "test");
        api.Mesh.Tenants.Gate.OnReserve = _ => Task.FromResult(new TenantVerdict { Status = TenantVerdictStatus.Refused, Limit = new(TenantScope.Tenant, "", LimitKind.RequestsPerSecond), Allowed = 1, RetryAfter = TimeSpan.FromSeconds(2) });
        var refused = (await api.PostAsync("/api/v1/route", Query)).AssertProblem(429);
        Assert.Contains("requests per second", refused.Text);
        Assert.IsNull(api.Mesh.Router.LastQuery, "nothing was routed");
    }
}
